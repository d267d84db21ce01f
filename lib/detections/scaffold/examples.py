"""Values that look like those of real logs, for fields that a query leaves open, and for near-misses."""

from __future__ import annotations

from collections.abc import Iterator

from detections.mapping import Field

OTHERS: dict[str, tuple[str, ...]] = {
    "event.outcome": ("success", "failure", "unknown"),
    "event.kind": ("event", "alert", "state", "metric"),
    "event.type": ("start", "end", "change", "creation", "deletion", "info", "access", "allowed", "denied"),
    "event.category": ("process", "file", "network", "registry", "iam", "authentication", "configuration", "web"),
    "host.os.type": ("linux", "windows", "macos"),
    "host.os.family": ("debian", "windows", "macos"),
    "host.os.platform": ("ubuntu", "windows", "darwin"),
    "network.direction": ("egress", "ingress", "internal"),
    "network.transport": ("tcp", "udp"),
    "network.protocol": ("http", "dns", "tls"),
    "user_agent.name": ("Chrome", "Firefox", "aws-cli"),
}
"""What else a field may hold, where its values are few and known (ECS allows them, or all logs have them)."""

_EXAMPLES = {
    "host.name": "host-1", "host.id": "6b4e8f2a91c34d5e", "host.hostname": "host-1", "agent.id": "c1a7d2f0-agent",
    "user.name": "alice", "user.id": "1001", "user.email": "alice@example.com", "user.domain": "EXAMPLE",
    "source.address": "198.51.100.23", "destination.address": "203.0.113.80", "client.address": "198.51.100.23",
    "process.entity_id": "process-1", "process.parent.entity_id": "process-0", "process.name": "backup",
    "process.executable": "/usr/local/bin/backup", "process.command_line": "backup --daily",
    "process.args": "--daily", "process.parent.name": "cron", "process.parent.executable": "/usr/sbin/cron",
    "process.working_directory": "/home/alice", "file.path": "/home/alice/report.txt", "file.name": "report.txt",
    "file.extension": "txt", "url.domain": "www.example.com", "url.full": "https://www.example.com/",
    "dns.question.name": "www.example.com", "cloud.region": "eu-central-1", "cloud.account.id": "123456789012",
    "user_agent.original": "Mozilla/5.0", "source.as.organization.name": "Example Networks",
    "source.geo.country_iso_code": "DE", "source.geo.country_name": "Germany",
    "event.action": "example", "message": "example", "group.name": "staff", "registry.path": "HKLM\\Software\\Example",
}  # fmt: skip
_LAST = {
    "email": "alice@example.com", "domain": "www.example.com", "path": "/home/alice/example", "name": "example",
    "id": "example-1", "hash": "0" * 64, "region": "eu-central-1",
}  # fmt: skip
_BY_FAMILY: dict[str, tuple[object, ...]] = {
    "number": (1, 0, 1000, -1),
    "boolean": (False, True),
    "ip": ("198.51.100.23", "203.0.113.80", "10.20.30.40", "2001:db8::23"),
    "date": ("2026-01-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z"),
    "version": ("1.0.0", "99.0.0"),
}


def examples(field: Field) -> Iterator[object]:
    """Values of a field's type as logs have them, the most likely first."""
    yield from _BY_FAMILY.get(field.family, ())
    if field.family in _BY_FAMILY:
        return
    yield from OTHERS.get(field.path, ())[:3]
    if field.path in _EXAMPLES:
        yield _EXAMPLES[field.path]
    yield _LAST.get(field.path.rpartition(".")[2], "example")
    yield "something-else"


def example(field: Field) -> object:
    """One value of a field's type."""
    return next(examples(field))
