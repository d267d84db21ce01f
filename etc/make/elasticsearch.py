"""Make etc/elasticsearch/jars.json, the jars of the ephemeral node with their checksums: ``make extracts``.

Elasticsearch publishes its server on Maven Central, and of its modules only some. The server's jars go on the module
path; those that only transport-netty4 (which opens the HTTP port) needs go into the module's own folder.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext
from write import write

VERSION = "9.2.0"
SERVER = f"org.elasticsearch:elasticsearch:{VERSION}"
TRANSPORT = f"org.elasticsearch.plugin:transport-netty4:{VERSION}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        server = _resolved(context, SERVER)
        transport = _resolved(context, TRANSPORT)
    made_from = {
        "package": f"Maven Central {SERVER} {TRANSPORT}",
        "version": VERSION,
        "license": "AGPL-3.0 OR SSPL-1.0 OR Elastic-2.0, and those of what it uses; none of it is shipped with this",
        "by": "etc/make/elasticsearch.py",
    }
    only = {name: fact for name, fact in transport.items() if name not in server}
    write("elasticsearch/jars.json", made_from, server=server, transport=only)


def _resolved(context: MavenContext, coordinate: str) -> dict[str, Any]:
    """File name -> what Maven calls it, its size in bytes and its SHA-256."""
    inputs, transitive = context.resolver.resolve([context.create_dependency(coordinate)])
    jars = {}
    for dependency in [*inputs, *transitive]:
        artifact = dependency.artifact
        content = artifact.resolve().read_bytes()
        name = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        jars[artifact.filename] = {
            "coordinate": f"{name}:{artifact.classifier}" if artifact.classifier else name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    return jars


if __name__ == "__main__":
    main()
