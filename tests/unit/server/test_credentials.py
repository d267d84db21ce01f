"""Secrets in variables, and in files that variables name."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.errors import UsageError
from detections.server import Credentials, secret


def test_a_variable_counts_before_the_file_that_another_names(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(" from-the-file\n")
    both = {"X": "from-the-variable", "X_FILE": str(file)}
    assert secret(both, "X") == "from-the-variable"
    assert secret({"X": "", "X_FILE": str(file)}, "X") == "from-the-file"
    assert secret({}, "X") is None
    file.write_text("\n")
    assert secret({"X_FILE": str(file)}, "X") is None


def test_an_environment_has_credentials_of_its_own() -> None:
    variables = {"K_API_KEY": "shared", "K_USERNAME_PROD": "u", "K_PASSWORD_PROD": "p"}
    assert Credentials.find(variables, "K", "_PROD") == Credentials(None, "u", "p")
    assert Credentials.find(variables, "K", "_DEV") == Credentials("shared")
    assert Credentials.find({}, "K", "_DEV") == Credentials()
    assert "shared" not in repr(Credentials("shared"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"s\xffcret", "is not UTF-8"), (b"s" * 70_000, "is larger than 65,536 bytes"), (None, "No such file")],
)
def test_a_file_that_holds_no_secret_is_told_without_its_content(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=f"^X_FILE: .*{message}") as raised:
        secret({"X_FILE": str(file)}, "X")
    assert "sss" not in str(raised.value)


def test_a_path_that_can_be_none_is_told() -> None:
    with pytest.raises(UsageError, match=r"X_FILE: .* cannot be read"):
        secret({"X_FILE": "a\0b"}, "X")
