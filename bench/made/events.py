"""Made-up events to measure with: CloudTrail as AWS delivers it to S3, and as the integration writes it to
Elasticsearch, one JSON document a line.

``python bench/made/events.py 100000 > events.ndjson``
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detections.events.sources import CLOUDTRAIL

RECORDS = Path(__file__).parents[2] / "tests" / "events" / "cloudtrail"
QUIET = {
    "ec2.amazonaws.com": [
        "DescribeInstances",
        "DescribeVolumes",
        "DescribeSecurityGroups",
        "RunInstances",
        "DescribeTags",
    ],
    "sts.amazonaws.com": ["AssumeRole", "GetCallerIdentity"],
    "s3.amazonaws.com": ["GetObject", "ListBuckets", "GetBucketAcl", "PutObject"],
    "iam.amazonaws.com": ["ListRoles", "GetUser", "GetRole"],
    "kms.amazonaws.com": ["Decrypt", "GenerateDataKey"],
    "logs.amazonaws.com": ["DescribeLogStreams", "CreateLogStream"],
    "elasticfilesystem.amazonaws.com": ["DescribeFileSystems", "DescribeMountTargets"],
    "eks.amazonaws.com": ["ListClusters", "DescribeCluster"],
    "ecr.amazonaws.com": ["GetAuthorizationToken", "BatchGetImage", "DescribeRepositories"],
}
"""What most of a trail is: calls that no rule is about, in the proportions of their lists."""

LOUD = 0.02
"""The share of events that some rule is about: the base records of the cases."""

AGENTS = [
    "aws-cli/2.17.1 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.9 cfg/retry-mode#standard",
    "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 terraform-provider-aws/5.54.1 aws-sdk-go-v2/1.27.2 os/linux lang/go#1.22.4",
    "Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#6.1.92 md/arch#aarch64 lang/python#3.12.3 Botocore/1.34.131",
    "ecs.amazonaws.com",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
]
START = 1_767_225_600
SECONDS_APART = 2


def documents(count: int, seed: int = 24, loud: float = LOUD) -> Iterator[dict[str, Any]]:
    """``count`` ECS documents, the same for the same seed; ``loud`` is the share of those that some rule is about."""
    return map(CLOUDTRAIL.to_ecs, records(count, seed, loud))


def records(count: int, seed: int = 24, loud: float = LOUD) -> Iterator[dict[str, Any]]:
    """The raw records that :func:`documents` are made of."""
    chance = random.Random(seed)
    known = [json.loads(path.read_text()) for path in sorted(RECORDS.glob("*.json"))]
    for number in range(count):
        record = dict(chance.choice(known)) if chance.random() < loud else _quiet(chance)
        record["eventID"] = f"{chance.getrandbits(128):032x}"
        record["eventTime"] = _time(START + number * SECONDS_APART)
        yield record


def _quiet(chance: random.Random) -> dict[str, Any]:
    source = chance.choice(list(QUIET))
    account = f"{chance.randrange(20):012d}"
    role = f"role-{chance.randrange(60)}"
    session = f"session-{chance.randrange(400)}"
    failed = chance.random() < 0.05
    instances = [f"i-{chance.getrandbits(68):017x}" for _ in range(chance.randrange(1, 4))]
    return {
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{chance.randrange(60):017d}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "accountId": account,
            "accessKeyId": f"ASIA{chance.getrandbits(64):016X}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": f"AROA{chance.randrange(60):017d}",
                    "arn": f"arn:aws:iam::{account}:role/{role}",
                    "accountId": account,
                    "userName": role,
                },
                "attributes": {"creationDate": _time(START), "mfaAuthenticated": "false"},
            },
        },
        "eventSource": source,
        "eventName": chance.choice(QUIET[source]),
        "awsRegion": chance.choice(["us-east-1", "eu-central-1", "eu-west-1"]),
        "sourceIPAddress": f"10.{chance.randrange(4)}.{chance.randrange(16)}.{chance.randrange(255)}",
        "userAgent": chance.choice(AGENTS),
        **({"errorCode": "AccessDenied", "errorMessage": f"User {role} is not authorized"} if failed else {}),
        "requestParameters": {
            "maxResults": chance.choice([50, 100, 1000]),
            "filterSet": {
                "items": [{"name": "instance-id", "valueSet": {"items": [{"value": one} for one in instances]}}]
            },
        },
        "responseElements": None,
        "requestID": f"{chance.getrandbits(128):032x}",
        "readOnly": True,
        "resources": [
            {"accountId": account, "ARN": f"arn:aws:ec2:eu-west-1:{account}:instance/{one}"} for one in instances
        ],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{source.partition('.')[0]}.eu-west-1.amazonaws.com",
        },
    }  # fmt: skip


def _time(seconds: int) -> str:
    day, rest = divmod(seconds - START, 86_400)
    return f"2026-01-{1 + day % 28:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def write(path: Path, count: int) -> None:
    """The documents as NDJSON."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents(count):
            file.write(json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n")


def deliver(folder: Path, count: int, each: int = 500) -> list[Path]:
    """The records in gzipped files of ``each``, as S3 has them."""
    made = []
    every = records(count)
    for number in range(-(-count // each)):
        some = list(itertools.islice(every, each))
        path = folder / f"{number:06}.json.gz"
        text = json.dumps({"Records": some}, separators=(",", ":"), ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), 6))
        made.append(path)
    return made


if __name__ == "__main__":
    for made in documents(int(sys.argv[1])):
        sys.stdout.write(json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n")
