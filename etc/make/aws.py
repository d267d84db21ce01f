"""Make etc/aws/operations.json from the PyPI package botocore (Apache-2.0): ``make extracts``.

Needs the package installed (etc/make/requirements.txt). CloudTrail's eventSource is the service's signing name, else
its endpoint prefix, and ``.amazonaws.com``, but for the services in EXCEPTIONS. What CloudTrail records besides is in
etc/aws/events.json, by hand.
"""

from __future__ import annotations

from collections import defaultdict
from importlib import metadata

from botocore.loaders import Loader
from write import write

EXCEPTIONS = {
    "cloudwatch": ("monitoring",),
    "dynamodbstreams": ("dynamodb",),
    "iot-data": ("iotdata", "iot"),
    "rds-data": ("rdsdata", "rdsdataapi"),
    "s3": ("s3", "s3express"),
    "sso": ("sso",),
    "sso-oidc": ("sso", "sso-oauth"),
}


def main() -> None:
    loader = Loader()
    operations: dict[str, set[str]] = defaultdict(set)
    for service in loader.list_available_services("service-2"):
        model = loader.load_service_model(service, "service-2")
        facts = model["metadata"]
        for name in EXCEPTIONS.get(service, (facts.get("signingName", facts["endpointPrefix"]),)):
            operations[name] |= set(model["operations"])
    made_from = {
        "package": "PyPI botocore",
        "version": metadata.version("botocore"),
        "license": "Apache-2.0",
        "by": "etc/make/aws.py",
    }
    write(
        "aws/operations.json", made_from, operations={name: " ".join(sorted(operations[name])) for name in operations}
    )


if __name__ == "__main__":
    main()
