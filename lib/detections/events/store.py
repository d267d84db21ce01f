"""Objects of a store: S3 and what speaks like it, Google Cloud Storage, Azure Blob, plain HTTP; by obstore (the extra
``s3``), which finds credentials, region and endpoint in the environment, as the tools of these clouds do, and repeats
what is safe. For S3 boto3, of the same extra, finds them: profiles, roles and single sign-on are those of AWS's tools.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any, TypeAlias

from detections.errors import EventsError
from detections.events.files import Unreadable

Bytes: TypeAlias = Callable[[], Iterator[bytes]]
"""Opens something from its beginning."""

EXTRA = "reading from a store needs obstore: install detections[s3]"
_SCHEME = re.compile(r"(s3a?|gs|az|azure|adl|abfss?|https?)://")
_URL = re.compile(rf"{_SCHEME.pattern}([^/]+)/?(.*)", re.DOTALL)
_WEB = ("http", "https")
_SECRET = re.compile(r"[?#]|//[^/]*@")
"""What of a web address may be a signature or a password."""

_BLOCK = 1 << 20
_AT_ONCE = 16
"""So many small objects are fetched at the same time: each of them costs a round trip, whatever its size."""

_SMALL = 1 << 22
_TRIES = 4
_RETRIES = {"max_retries": 8, "retry_timeout": timedelta(minutes=3)}
_CLIENT = {"allow_http": True, "connect_timeout": timedelta(seconds=10), "timeout": timedelta(minutes=2)}
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3}[ \w]{0,40})")
_UNREACHED = "HTTP error"
_PROVIDER = re.compile(r"External AWS credential provider: \w+: (.*)")
_SETTINGS = {"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)}
"""As the AWS CLI reads them: boto3 by itself does not know AWS_REGION."""

_REGION = "us-east-1"
_USUAL = re.compile(r"https://s3(\.[\w-]+)?\.amazonaws\.com")
"""Endpoints that obstore knows by itself."""

_HINTS = {
    "AuthorizationHeaderMalformed": "is AWS_REGION the bucket's?",
    "PermanentRedirect": "is AWS_REGION the bucket's?",
    "RequestTimeTooSkewed": "is the clock of this machine right?",
    "ExpiredToken": "sign in again",
}


@dataclass(frozen=True, slots=True)
class Url:
    """Where an object is, or where objects are whose names begin so."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def root(self) -> str:
        """The store: ``s3://bucket``."""
        return self._parts[0]

    @property
    def key(self) -> str:
        """The name in the store, or how names begin."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        found = _URL.fullmatch(self.text)
        if found is None:
            raise EventsError(f"{self.text}: no address of an object (like s3://bucket/prefix)")
        scheme, host, key = found.groups()
        if scheme in _WEB and _SECRET.search(self.text):
            raise EventsError(f"{scheme}://...: a password or a query is not taken, since addresses are shown")
        return f"{scheme}://{host}", key


_open: list[str] = []
"""The stores that were opened in this process."""


def is_open() -> bool:
    """Whether a store was opened in this process: that starts threads."""
    return bool(_open)


def exists(url: Url) -> None:
    """Raises EventsError where obstore is not installed, or the address is none. Nothing is opened."""
    library()
    _ = url.root


def is_url(text: str) -> bool:
    """Whether a text is the address of something in a store."""
    return _SCHEME.match(text) is not None


def library() -> ModuleType:
    """Raises EventsError where obstore is not installed."""
    try:
        return importlib.import_module("obstore")
    except ImportError:
        raise EventsError(EXTRA) from None


@functools.cache
def opened(root: str) -> Any:
    """The store at an address.

    Raises:
        EventsError: obstore is not installed, or does not take the address.
    """
    library()
    _open.append(root)
    stores = importlib.import_module("obstore.store")
    options: dict[str, Any] = {"client_options": _CLIENT, "retry_config": _RETRIES}
    try:
        if root.startswith("s3"):
            options |= _from_boto3()
        if root.partition(":")[0] in _WEB:
            return stores.HTTPStore.from_url(root, **options)
        return stores.from_url(f"{root}/", **options)
    except Exception as error:
        raise EventsError(f"{root}: {_refused(error)}") from None


def _refused(error: Exception) -> str:
    """Why a store cannot be opened. What boto3 says has no secret in it: which profile, which file."""
    return str(error) if type(error).__module__.startswith("botocore.") else why(error)


def _from_boto3() -> dict[str, Any]:
    """The credentials, the region and the endpoint that AWS's tools would take."""
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError:
        return {}
    core = importlib.import_module("botocore.session").Session(session_vars=_SETTINGS)
    session = boto3.Session(botocore_session=core)
    region = session.region_name
    found: dict[str, Any] = {"region": region} if region else {}
    endpoint = session.client("s3", region_name=region or _REGION).meta.endpoint_url
    if not _USUAL.fullmatch(endpoint):
        found["endpoint"] = endpoint
    if session.get_credentials():
        provider = importlib.import_module("obstore.auth.boto3").Boto3CredentialProvider
        found["credential_provider"] = provider(session)
    return found


def blocks(url: Url) -> Iterator[bytes]:
    """The bytes of an object from its beginning. Where the connection is lost it is taken up again at the same place of
    the same object.

    Raises:
        Unreadable: there is no such object, the store refuses, or the object was replaced while it was read.
        EventsError: there is no such store.
    """
    get, store, key = library().get, opened(url.root), url.key
    given, tag = 0, None
    for left in reversed(range(_TRIES)):
        options = {"range": {"offset": given}, "if_match": tag} if given else {}
        try:
            found = get(store, key, options=options)
            tag = found.meta["e_tag"]
            for block in found.stream(min_chunk_size=_BLOCK):
                data = bytes(block)
                given += len(data)
                yield data
            return
        except GeneratorExit:
            raise
        except Exception as error:
            said = why(error)
            again = given and tag is not None and left and not isinstance(error, OSError) and _is_passing(error)
            if not again:
                raise Unreadable(f"not read to the end: {said}" if given else f"not read: {said}") from None


def _is_passing(error: Exception) -> bool:
    """Whether the same may go well another time."""
    return type(error).__name__ in ("GenericError", "JoinError")


def ahead(urls: Iterable[Url]) -> Iterator[tuple[Url, Bytes]]:
    """Objects in order, small ones fetched before it is their turn."""
    waiting: deque[tuple[Url, Future[_Fetched | None]]] = deque()
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetching")
    try:
        for url in urls:
            waiting.append((url, pool.submit(_fetch, url)))
            if len(waiting) > _AT_ONCE:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What was had of an object, and why not all of it."""

    parts: list[bytes]
    problem: str = ""

    def blocks(self) -> Iterator[bytes]:
        yield from self.parts
        if self.problem:
            raise Unreadable(self.problem)


def _next(waiting: deque[tuple[Url, Future[_Fetched | None]]]) -> tuple[Url, Bytes]:
    url, fetched = waiting.popleft()
    found = fetched.result()
    return url, functools.partial(blocks, url) if found is None else found.blocks


def _fetch(url: Url) -> _Fetched | None:
    """A small object whole; None for a large one."""
    parts: list[bytes] = []
    had = 0
    try:
        for block in blocks(url):
            parts.append(block)
            had += len(block)
            if had > _SMALL:
                return None
    except Unreadable as error:
        return _Fetched(parts, str(error))
    return _Fetched(parts)


def why(error: Exception) -> str:
    """Why a store refuses. Never what was sent: that may be signed."""
    text = str(error).partition("Debug source")[0]
    code, status = _CODE.search(text), _STATUS.search(text)
    kind = type(error).__name__
    if kind == "PreconditionError":
        return "it was replaced while it was read"
    if (code is not None and code[1] == "NoSuchKey") or (kind in ("FileNotFoundError", "NotFoundError") and not code):
        return "there is no such object"
    if code or status:
        said = " ".join(part for part in (code and code[1], status and f"({status[1].strip()})") if part)
        hint = _HINTS.get(code[1]) if code else None
        return f"the store says {said}" + (f": {hint}" if hint else "")
    if provider := _PROVIDER.search(text):
        return f"no credentials: {provider[1]}"
    if _UNREACHED in text:
        return "the store cannot be reached"
    return f"the store refuses ({kind})"
