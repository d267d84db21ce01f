"""The files of an integration's package that tell its fields, through Kibana's Fleet (8.19 and 9.x).

Fleet gives a package's files one by one and no list of them, so those are asked for whose names packages use.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from detections.errors import ServerError, UsageError
from detections.kibana.answers import PackageAnswer
from detections.kibana.http import Http
from detections.server import Response

PACKAGES = "/api/fleet/epm/packages"
NAMES = (
    "fields", "base-fields", "package-fields", "ecs", "ecs-overridden", "overridden-ecs", "agent", "beats", "winlog",
    "standard-fields", "field", "common-fields", "custom-fields", "ecs-extended", "is-transform-source-true",
)  # fmt: skip
"""Files in ``fields/`` of the packages in elastic/integrations, most usual first."""

_NAME = re.compile(r"[a-z0-9_]+")


def package_files(http: Http, name: str, version: str | None = None) -> dict[str, str]:
    """The manifests and files of fields of a package, by path; of the version that is installed, else the newest.

    Raises:
        UsageError: there is no such package.
        ServerError: Fleet refuses, or cannot be reached.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a package name")
    asked = _fetch(http, f"{PACKAGES}/{name}" + (f"/{quote(version, safe='')}" if version else ""))
    if asked is None:
        raise UsageError(f"Fleet has no package {name}" + (f" {version}" if version else ""))
    package = asked.read(PackageAnswer, "a package").item
    root = f"{PACKAGES}/{name}/{quote(version or package.version, safe='')}"
    files: dict[str, str] = {}
    for folder in ["", *(f"data_stream/{one.path}/" for one in package.data_streams or ())]:
        for path in (f"{folder}manifest.yml", *(f"{folder}fields/{file}.yml" for file in NAMES)):
            found = _fetch(http, f"{root}/{path}")
            if found is not None:
                files[path] = found.body.decode("utf-8", "replace")
    return files


def _fetch(http: Http, path: str) -> Response | None:
    """What stands at a path; None where there is nothing."""
    try:
        return http.send("GET", path)
    except ServerError as error:
        if error.status == 404:
            return None
        raise
