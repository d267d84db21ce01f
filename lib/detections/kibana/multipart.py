"""multipart/form-data with one file in it (RFC 7578), as Kibana's import routes take it."""

from __future__ import annotations

import hashlib

OVERHEAD = 512
"""More bytes than what surrounds the file."""


def one_file(name: str, content: bytes) -> tuple[str, bytes]:
    """The content type and the body. ``name`` is an ASCII file name; its ending is what Kibana looks at.

    The boundary is made of the content, so that the same file is the same request.
    """
    boundary = hashlib.sha256(content).hexdigest()
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={boundary}", head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
