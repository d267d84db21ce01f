"""Files are written whole or not at all: whoever reads meanwhile, or after a crash, finds the old one or the new."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from detections.errors import UsageError


def save(path: Path, data: bytes) -> None:
    """Put a file in the place of an earlier one, whose permissions it keeps; folders that are missing are made. Behind
    a symbolic link it is the link's target that is replaced.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
