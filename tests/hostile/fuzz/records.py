"""Files in JSON that the project keeps: state, saved plan, lock, record of a replay, backtest; and bundles."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from detections.backtest.model import Backtest, Busiest, Noise, Sources, Value
from detections.backtest.saved import read_backtest
from detections.bundle import from_ndjson, load_attachments
from detections.deploy.environment import Environment
from detections.deploy.model import Options
from detections.deploy.plan import make_plan
from detections.deploy.pull import Options as PullOptions
from detections.deploy.pull import Repo, Selection, pull_rules
from detections.deploy.pull_attachments import Folders, Held, pull_attachments
from detections.deploy.saved import read_plan, save
from detections.deploy.state import State, StateFile
from detections.deploy.status import Execution
from detections.errors import DetectionsError
from detections.kibana.answers import Rule as LiveRule
from detections.kibana.results import export_of
from detections.payload import Lock, read_lock
from detections.payload.lock import problems, regressions
from detections.proof.record import Record as Proofs
from detections.report import json as json_report
from detections.rule import Rules, load_rules
from detections.schedule.record import Record
from detections.site.kibana import read_plan as read_shown_plan
from detections.site.kibana import read_status
from fuzz import samples
from fuzz.boundary import REPO
from fuzz.mutate import MOST, broken, encoded, json_line, reshaped, words
from fuzz.shown import shown

TODAY = datetime.date(2026, 11, 24)
TAG = "Managed by: detections"
KIBANA = "http://127.0.0.1:5601/s/default"
_VOCABULARY = ("{", "}", "[", "]", ":", ",", '"', "null", "true", "1", "-1", "<<<<<<< x", "=======", "\n", '"a"')


@dataclass(frozen=True)
class Json:
    """One kind of file: ``seeds`` are good ones, ``use`` what is done with one. ``lines``: an object a line."""

    name: str
    seeds: Callable[[], list[Any]]
    use: Callable[[Path], None]
    lines: bool = False

    def make(self, rng: random.Random) -> bytes:
        seed = rng.choice(_texts(self.seeds, self.lines))
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            how = rng.random()
            if how < 0.65:
                seed = json_line(seed, rng) if self.lines else _reshaped(seed, rng)
            elif how < 0.8:
                text = seed.decode("utf-8", "surrogateescape")
                seed = words(text, rng, _VOCABULARY, lambda text=text: text).encode("utf-8", "surrogatepass")
            else:
                seed = broken(seed, rng)
        return seed[: 5 * MOST]

    def run(self, data: bytes, folder: Path) -> None:
        path = folder / f"{self.name}.json"
        path.write_bytes(data)
        self.use(path)


def _reshaped(data: bytes, rng: random.Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return broken(data, rng)
    return encoded(reshaped(value, rng), indent=2)


@functools.cache
def _texts(seeds: Callable[[], list[Any]], lines: bool) -> list[bytes]:
    if lines:
        return [b"".join(encoded(line) + b"\n" for line in seed) for seed in seeds()]
    return [encoded(seed, indent=2) for seed in seeds()]


@functools.cache
def _rules() -> Rules:
    return load_rules(REPO / "rules/aws/defense_evasion_ec2_network_acl_created.toml")


def _live(*, changed: Mapping[str, Any]) -> list[LiveRule]:
    return [LiveRule.of({**body, "id": body["rule_id"], "enabled": True, **changed}) for body in samples.RULE_OBJECTS]


def _state_seeds() -> list[Any]:
    bodies = {str(body["rule_id"]): body for body in samples.RULE_OBJECTS}
    entries: dict[str, Any] = {
        name: {"sent": body, "stored": {**body, "name": "B"}, "kept": ["enabled", "meta"]}
        for name, body in bodies.items()
    }
    entries["z"] = {"pending": bodies["a"], "replaced": bodies["b"]}
    lists = {"exception list/single/l": {"sent": {"list_id": "l"}}, "connector/c": {"sent": {"id": "c"}}}
    return [{"kibana": KIBANA, "rules": entries, "attachments": lists}, {"kibana": KIBANA, "rules": {}}]


def _state(path: Path) -> None:
    file = StateFile(path)
    state = file.read(KIBANA)
    for options in (Options(), Options(True, True, "delete"), Options(prune="disable")):
        for changed in ({}, {"name": "C", "threat": []}):
            plan = make_plan("dev", state, samples.RULE_OBJECTS[:2], _live(changed=changed), TAG, options=options)
            shown("plan", plan)
    pull_rules(
        _repo(path.parent), _live(changed={"name": "C"}), Environment("dev", url=KIBANA), state, TODAY, PullOptions()
    )
    file.write(state)


def _repo(folder: Path) -> Repo:
    return Repo(Rules((), (), ()), folder / "rules", Lock())


def _plan_seeds() -> list[Any]:
    step = {"action": "create", "name": "A", "seen": "0" * 64}
    return [
        {"environment": "dev", "kibana": KIBANA, "steps": {"a": step, "connector/c": step}, "form": 1,
         "options": {"overwrite_drift": False, "adopt": True, "prune": "delete"}}
    ]  # fmt: skip


def _plan(path: Path) -> None:
    saved = read_plan(path)
    state = StateFile(path.with_name("state.json")).read(KIBANA)
    fresh = make_plan("dev", state, samples.RULE_OBJECTS[:2], _live(changed={}), TAG)
    saved.moved(fresh)
    save(fresh)


def _lock_seeds() -> list[Any]:
    rule_id = _rules()[0].rule_id
    entry = {"name": "A", "version": 3, "hash": "0" * 64}
    return [{rule_id: entry, "x": entry | {"deprecated": True}}, json.loads((REPO / "etc/rules.lock.json").read_text())]


def _lock(path: Path) -> None:
    lock = read_lock(path)
    for rule in _rules():
        lock.version(rule)
    problems(lock, _rules(), str(path))
    regressions(lock, Lock(), str(path))
    regressions(Lock(), lock, str(path))


def _record_seeds() -> list[Any]:
    replay = {"url": "http://h", "index": "i", "rules": "x", "start": "a", "end": "b", "slice": 1}
    times = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]
    return [
        [{"replay": replay}, {"slice": times, "alerts": 3}, {"whole": times, "out": 2}, {"failed": "a", "why": "b"},
         {"whole": times, "alerts": 2}]
    ]  # fmt: skip


def _record(path: Path) -> None:
    record = Record(path)
    record.begin({"url": "http://h"})
    record.has(0, 1, True)
    record.out(0, 1, False)
    record.finish(0, 1, False, 2)


def _backtest_seeds() -> list[Any]:
    day, other = datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)
    sources = Sources(("x",), 1, 9, 99, 0, 1_767_225_600_000, 1_767_312_000_000, {day: 9})
    busiest = Busiest("user.name", (Value("x", 3),), 1)
    noise = Noise(
        "a", "A", 5, 3, 1, 1, {day: 3, other: 0}, 1_767_225_600_000, 1_767_225_600_001, {"user.name": 1}, (busiest,)
    )
    return [json.loads(msgspec.json.encode(Backtest("x", sources, (noise, Noise("b", "B", not_evaluated="no")))))]


def _backtest(path: Path) -> None:
    backtest = read_backtest(path)
    shown("backtest", backtest)
    for rule in backtest.rules:
        assert rule.median(backtest.sources.span) >= 0
        assert rule.worst is None or rule.worst[1] > 0


def _proofs_seeds() -> list[Any]:
    return [{_rules()[0].rule_id: [{"digest": "0" * 64, "said": "3 cases"}, {"digest": "1", "said": ""}], "x": []}]


def _proofs(path: Path) -> None:
    record = Proofs(path)
    record.said(_rules()[0], "0" * 64)
    record.add(_rules()[0], "1" * 64, "x")
    record.save()


def _shown_seeds() -> list[Any]:
    state = State(KIBANA, {})
    plan = make_plan("dev", state, samples.RULE_OBJECTS[:2], _live(changed={"name": "C"}), TAG)
    ran = Execution("a", "A", True, "failed", "2026-01-01T00:00:00Z", "no such index")
    return [
        json.loads("\n".join(json_report.plan(plan))),
        json.loads("\n".join(json_report.status([ran]))),
        *_plan_seeds(),
    ]


def _shown(path: Path) -> None:
    """What the pages show of a deployment."""
    with contextlib.suppress(DetectionsError):
        read_shown_plan(path)
    read_status(path)


def _bundle(path: Path) -> None:
    objects, findings = from_ndjson(path.read_bytes(), str(path))
    assert all(str(finding) for finding in findings)
    export, _ = export_of(objects)
    rules, _, _ = Selection(every=True, prebuilt=True).choose(export.rules, TAG)
    held = Held(export.exception_lists, export.exception_items, export.connectors).used_by(rules)
    pulled = pull_rules(
        _repo(path.parent), rules, Environment("dev", url=KIBANA), None, TODAY, PullOptions(everything=True)
    )
    attachments = load_attachments(path.parent / "e", path.parent / "v", path.parent / "c")
    folders = Folders(path.parent / "e", path.parent / "v", path.parent / "c")
    attached = pull_attachments(held, attachments, folders, None)
    for change in (*pulled.changes, *attached.changes):
        place = Path(change.path).resolve()
        assert place.is_relative_to(path.parent.resolve()), f"{place} leaves the folder"
        change.write()
    with contextlib.suppress(DetectionsError):
        assert not [rule for rule in load_rules(path.parent / "rules").findings if rule.code == "toml"]


BOUNDARIES = (
    Json("state", _state_seeds, _state), Json("plan", _plan_seeds, _plan), Json("lock", _lock_seeds, _lock),
    Json("record", _record_seeds, _record, lines=True), Json("backtest", _backtest_seeds, _backtest),
    Json("proofs", _proofs_seeds, _proofs),
    Json("shown", _shown_seeds, _shown), Json("bundle", lambda: [list(samples.OBJECTS)], _bundle, lines=True),
)  # fmt: skip
