"""Made-up ECS documents of all kinds that some plans ask about: most pass the first questions of many rules, few match.

A document is made for a condition of one of the plans: it has values for what the condition asks of the kind of event
(``event.*``, ``host.os.type``), noise elsewhere; of each condition's other parts it has all in some documents, none in
the others. So it is harder on an engine than logs are, where most events pass the first questions of few rules.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from detections.engine.operators import SETTLED
from detections.plan import Plan
from detections.plan.predicate import And, Between, Equals, Exists, IsTrue, Like, Not, Or, Predicate, Test
from detections.values.dates import format_date
from detections.values.ip import format_ip
from detections.values.wildcard import Wild

KIND = SETTLED | {"host.os.type"}
LOUD = 0.02
START = 1_767_225_600_000
SECONDS_APART = 2

SAMPLES = {
    "ip": "198.51.100.7", "date": "2026-01-31T12:00:00.000Z", "number": 7, "boolean": True, "version": "1.2.3",
}  # fmt: skip


def documents(plans: Sequence[Plan], count: int, seed: int = 24, loud: float = LOUD) -> Iterator[dict[str, Any]]:
    """``count`` documents, the same for the same plans and seed; ``loud`` is the share of those that match."""
    chance = random.Random(seed)
    conditions = [[list(_wanted(one.predicate, chance)) for one in plan.conditions()] for plan in plans]
    conditions = [found for found in conditions if found]
    for number in range(count):
        document = _noise(chance, number)
        tests = chance.choice(chance.choice(conditions))
        whole = chance.random() < loud
        for test in tests:
            if whole or test.field.path in KIND:
                _put(document, test.field.path, _value(test, chance))
        yield document


def matching(plan: Plan, seed: int = 24) -> list[dict[str, Any]]:
    """A document for each condition of a plan, with all that it asks for."""
    chance = random.Random(seed)
    made = []
    for condition in plan.conditions():
        document = _noise(chance, 0)
        for test in _wanted(condition.predicate, chance):
            _put(document, test.field.path, _value(test, chance))
        made.append(document)
    return made


def _wanted(predicate: Predicate, chance: random.Random) -> Iterator[Test]:
    """Tests that make a predicate true together, where no more than tests are needed."""
    match predicate:
        case And(items):
            for item in items:
                yield from _wanted(item, chance)
        case Or(items) if items:
            yield from _wanted(chance.choice(items), chance)
        case IsTrue(item):
            yield from _wanted(item, chance)
        case Test() if predicate.field.type != "unmapped":
            yield predicate
        case Not():
            return


def _value(test: Test, chance: random.Random) -> Any:
    family = test.field.family
    value: Any = SAMPLES.get(family, "x")
    match test.operator:
        case Equals(values):
            value = chance.choice(sorted(values, key=str))
        case Like(pattern):
            value = "".join("x" if isinstance(part, Wild) else part for part in pattern)
        case Between(low, high):
            value = high if low is None else low
        case Exists():
            return value
    if isinstance(value, int) and not isinstance(value, bool):
        return format_ip(value) if family == "ip" else format_date(value) if family == "date" else value
    return value


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        inner = document.setdefault(parent, {})
        if not isinstance(inner, dict):
            return
        document = inner
    document[last] = value


def _noise(chance: random.Random, number: int) -> dict[str, Any]:
    program = f"{chance.choice(PROGRAMS)}{chance.randrange(40)}"
    arguments = [program, "-c", f"/tmp/{chance.getrandbits(40):x}", f"--task={chance.randrange(500)}"]
    user = f"user-{chance.randrange(300)}"
    host = f"host-{chance.randrange(200)}"
    return {
        "@timestamp": format_date(START + number * SECONDS_APART * 1000),
        "agent": {"id": f"{chance.getrandbits(64):032x}", "type": "endpoint", "version": "9.2.1"},
        "data_stream": {"dataset": "endpoint.events.process", "namespace": "default", "type": "logs"},
        "ecs": {"version": "8.11.0"},
        "event": {
            "action": "exec", "category": ["process"], "dataset": "endpoint.events.process", "kind": "event",
            "id": f"{chance.getrandbits(80):020x}", "ingested": format_date(START + number * 2000 + 900),
            "module": "endpoint", "outcome": "success", "sequence": number, "type": ["start"],
        },
        "host": {
            "architecture": "x86_64", "hostname": host, "id": f"{chance.randrange(200):032x}", "name": host,
            "ip": [f"10.0.{chance.randrange(8)}.{chance.randrange(255)}"],
            "os": {"family": "debian", "name": "Linux", "type": "linux", "version": "6.1", "kernel": "6.1.0-31-amd64"},
        },
        "process": {
            "args": arguments, "args_count": len(arguments), "command_line": " ".join(arguments),
            "entity_id": f"{chance.getrandbits(128):040x}", "executable": f"/usr/bin/{program}", "name": program,
            "pid": chance.randrange(60_000), "working_directory": f"/home/{user}",
            "hash": {"sha256": f"{chance.getrandbits(256):064x}"},
            "parent": {
                "entity_id": f"{chance.getrandbits(128):040x}", "executable": "/usr/bin/bash", "name": "bash",
                "pid": chance.randrange(60_000), "args": ["bash"], "args_count": 1, "command_line": "bash",
            },
        },
        "source": {"ip": f"10.1.{chance.randrange(16)}.{chance.randrange(255)}", "port": chance.randrange(60_000)},
        "user": {"id": str(1000 + chance.randrange(300)), "name": user},
    }  # fmt: skip


PROGRAMS = ("python3.", "node-", "cron-", "ruby", "service-", "worker-", "backup-", "agent-", "deploy-", "exporter-")
