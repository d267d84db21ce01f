"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from detections.errors import UsageError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, and the folders it stands in: what was there stays as it is until all of the new is on the disk.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
