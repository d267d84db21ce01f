"""The jars of the ephemeral node: fetched once from Maven Central, kept in the user's cache folder, shared by all.

Which jars, and what must be in them, stands in etc/elasticsearch/jars.json (``etc/make/elasticsearch.py``). A jar is
put in its place only when its checksum is right, by an atomic rename, so that a reader never sees half of one; all of
them are checked at every start, and what is missing or damaged is fetched again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detections.catalog.extracts import extract
from detections.elastic.extra import extra
from detections.errors import NotInstalled, ServerUnavailable
from detections.source import user_cache

Progress = Callable[[str], None]
"""Is told, in a short line, how far something has come."""

_PARTS = {"server": "jars", "transport": "modules/transport-netty4"}
_DESCRIPTION = "META-INF/es-plugins/transport-netty4/"
_EPOCH = (946684800, 946684800)
"""Every jar's times: the class-data archive is good for jars of the same size and time only."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar: its file inside the installation, what Maven calls it, bytes."""

    file: str
    coordinate: str
    size: int
    sha256: str

    def damaged(self, home: Path) -> bool:
        """Whether the file is not there, or is not what it must be."""
        path = home / self.file
        try:
            return path.stat().st_size != self.size or digest(path) != self.sha256
        except OSError:
            return True


@dataclass(frozen=True, slots=True)
class Installation:
    """What all nodes of one version share. ``home`` is Elasticsearch's ``path.home``: read, never written, by a node.
    ``modules`` is Java's module path; ``key`` is a digest of all the jars."""

    version: str
    home: Path
    modules: tuple[Path, ...]
    key: str


def cache_folder() -> Path:
    """Where the user's caches are: ``$XDG_CACHE_HOME``, else ``~/.cache``; in it, the folder of this package.

    Raises:
        ServerUnavailable: nothing says where that is.
    """
    folder = user_cache()
    if folder is None:
        raise ServerUnavailable("no home folder for the jars: set XDG_CACHE_HOME")
    return folder


def install(cache: Path, progress: Progress | None = None) -> Installation:
    """The installation in ``cache``, made or repaired where needed. Many processes may ask at the same time.

    Raises:
        NotInstalled: jgo is not installed, or the jars cannot be fetched.
        ServerUnavailable: the cache cannot be written, or not be named to Java.
    """
    if os.pathsep in str(cache):
        raise ServerUnavailable(
            f"{cache}: Java takes no '{os.pathsep}' in the path of a jar: name another cache folder"
        )
    version = extract("elasticsearch/jars.json")["made_from"]["version"]
    jars = _jars()
    home = cache / f"elasticsearch-{version}"
    if _damaged(jars, home) or not _described(home):
        with writing(cache), locked(cache / "jars.lock"):
            if damaged := _damaged(jars, home):
                _fetch(damaged, home, f"Elasticsearch {version}", progress)
            for name in ("plugins", "lib"):
                (home / name).mkdir(exist_ok=True)
            _describe(home)
    modules = tuple(home / jar.file for jar in jars if jar.file.startswith(_PARTS["server"] + "/"))
    return Installation(
        version, home, modules, hashlib.sha256("".join(jar.sha256 for jar in jars).encode()).hexdigest()
    )


def _jars() -> list[Jar]:
    known = extract("elasticsearch/jars.json")
    return [Jar(f"{_PARTS[part]}/{name}", **facts) for part in _PARTS for name, facts in known[part].items()]


def _damaged(jars: list[Jar], home: Path) -> list[Jar]:
    return [jar for jar in jars if jar.damaged(home)]


def _fetch(jars: list[Jar], home: Path, what: str, progress: Progress | None) -> None:
    maven = extra("jgo.maven")
    for left in home.parent.glob("fetch-*"):
        shutil.rmtree(left, ignore_errors=True)  # by one that was killed: the lock is ours
    total, done = sum(jar.size for jar in jars), 0
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=home.parent) as folder:
        context = maven.MavenContext(repo_cache=Path(folder))
        for number, jar in enumerate(jars, 1):
            if progress:
                progress(f"{what}: fetching jar {number} of {len(jars)}, {done / 1e6:.1f} of {total / 1e6:.1f} MB")
            fetched = _one(context, jar)
            os.utime(fetched, _EPOCH)
            target = home / jar.file
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            fetched.replace(target)
            done += jar.size


def _one(context: Any, jar: Jar) -> Path:
    """One jar from Maven Central, checked."""
    try:
        fetched: Path = context.create_dependency(jar.coordinate).artifact.resolve()
    except OSError as error:
        # requests' errors are OSErrors too; those of the file system have a number.
        if error.errno is not None:
            raise
        raise _unfetched(jar, "Maven Central cannot be reached") from None
    except (RuntimeError, ValueError):
        raise _unfetched(jar, "Maven Central refused it") from None
    if fetched.stat().st_size != jar.size or digest(fetched) != jar.sha256:
        raise _unfetched(jar, "the checksum is wrong: the download was cut short or changed")
    return fetched


def _unfetched(jar: Jar, why: str) -> NotInstalled:
    return NotInstalled(
        f"the jar {jar.coordinate} cannot be fetched: {why}. The first start needs the network (a proxy is named by "
        "HTTPS_PROXY); later ones do not. Or name a server: --elasticsearch URL"
    )


def _describe(home: Path) -> None:
    """Put the module's descriptor and policy beside its jars, where Elasticsearch reads them."""
    for path, content in _description(home):
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)


def _described(home: Path) -> bool:
    return all(path.is_file() and path.read_bytes() == content for path, content in _description(home))


def _description(home: Path) -> Iterator[tuple[Path, bytes]]:
    folder = home / _PARTS["transport"]
    with zipfile.ZipFile(next(folder.glob("transport-netty4-*.jar"))) as archive:
        for name in archive.namelist():
            if name.startswith(_DESCRIPTION) and not name.endswith("/"):
                yield folder / name.rpartition("/")[2], archive.read(name)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, waiting for it; it is freed when its holder ends, however that comes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say what to do when ``folder`` cannot be written.

    Raises:
        ServerUnavailable: the disk is full, or the folder is not ours.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ServerUnavailable(
                f"{folder}: the disk is full. The ephemeral Elasticsearch needs some 200 MB there; make room, or name "
                "another cache folder by XDG_CACHE_HOME, another folder for its data by TMPDIR"
            ) from None
        raise ServerUnavailable(f"{folder} cannot be written: {error.strerror or error}") from None
