"""What a server knows us by, as the environment's variables or files say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detections.errors import UsageError
from detections.values import limits


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key, or a user name and a password. They are shown nowhere."""

    api_key: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def find(cls, variables: Mapping[str, str], prefix: str, suffix: str = "") -> Credentials:
        """The credentials in ``<prefix>_API_KEY<suffix>``, ``<prefix>_USERNAME<suffix>`` and
        ``<prefix>_PASSWORD<suffix>``, or in those without the suffix where none of these is set (:func:`secret`).

        Raises:
            UsageError: a file that one of them names cannot be read.
        """
        for end in dict.fromkeys((suffix, "")):
            values = [secret(variables, f"{prefix}_{name}{end}") for name in ("API_KEY", "USERNAME", "PASSWORD")]
            if any(values):
                return cls(*values)
        return cls()


def secret(variables: Mapping[str, str], name: str) -> str | None:
    """The value of a variable, else the content of the file that ``<name>_FILE`` names, without the white space around
    it (as secrets of containers come); None where neither says anything.

    Raises:
        UsageError: the file cannot be read.
    """
    file = variables.get(f"{name}_FILE")
    if variables.get(name) or not file:
        return variables.get(name) or None
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(limits.SECRET_FILE.most + 1)
        if len(content) > limits.SECRET_FILE.most:
            raise UsageError(f"{name}_FILE: {file} is larger than {limits.SECRET_FILE.most:,} bytes")
        return content.decode().strip() or None
    except UnicodeDecodeError:
        raise UsageError(f"{name}_FILE: {file} is not UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError(f"{name}_FILE: {file} cannot be read: {reason}") from None
