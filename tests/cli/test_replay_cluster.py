"""``detections replay`` and ``backtest --on elasticsearch``: slices of what a cluster has, and an interruption."""

from __future__ import annotations

import json
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.elastic.cluster import Cluster
from detections.elastic.node import Node
from detections.engine.alert import Alert
from detections.plan import Plan, Window

Run = Callable[..., Any]
INDEX = "logs-aws.cloudtrail-replay"
DAYS = range(1, 10)
FIELDS = {
    "@timestamp": "date", "event.id": "keyword", "event.action": "keyword", "event.outcome": "keyword",
    "event.provider": "keyword", "event.dataset": "keyword", "data_stream.dataset": "keyword", "event.kind": "keyword",
}  # fmt: skip
SPAN = ("--index", INDEX, "--start", "2026-01-01", "--end", "2026-02-01")


def ask(url: str, method: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, body, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def cluster(elasticsearch_node: Node) -> Iterator[str]:
    """A node with two events a day, one of which a rule finds."""
    url = elasticsearch_node.url
    mappings = {"properties": {name: {"type": type_} for name, type_ in FIELDS.items()}}
    ask(f"{url}/{INDEX}", "PUT", json.dumps({"mappings": mappings}).encode())
    lines = []
    for day in DAYS:
        for action in ("CreateNetworkAcl", "DescribeInstances"):
            event = {
                "@timestamp": f"2026-01-{day:02}T12:00:00Z",
                "event": {
                    "id": f"{action}-{day}", "action": action, "outcome": "success", "kind": "event",
                    "provider": "ec2.amazonaws.com", "dataset": "aws.cloudtrail",
                },
            }  # fmt: skip
            lines += [json.dumps({"index": {}}), json.dumps(event)]
    ask(f"{url}/{INDEX}/_bulk?refresh=true", "POST", "\n".join([*lines, ""]).encode())
    yield url
    ask(f"{url}/{INDEX}", "DELETE")


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "CLOUD_ID", "API_KEY", "USERNAME", "PASSWORD", "CA_FILE"):
        monkeypatch.delenv(f"ELASTICSEARCH_{name}", raising=False)


def replay(run: Run, cluster: str, *more: object) -> Any:
    return run("replay", "--on", "elasticsearch", "--elasticsearch", cluster, "--format", "json", *SPAN, *more)


def ids(out: str) -> list[str]:
    return [name for line in out.splitlines() for name in json.loads(line)["event_ids"]]


EVERY = [f"CreateNetworkAcl-{day}" for day in DAYS]


def test_what_a_cluster_has(run: Run, project: Path, cluster: str) -> None:
    outcome = replay(run, cluster)
    assert (outcome.code, ids(outcome.out)) == (0, EVERY)
    assert outcome.err == "18 events, 32 slices\n"
    assert outcome.out == replay(run, cluster, "--slice", "5h").out == replay(run, cluster, "--slice", "99d").out


def test_for_a_person(run: Run, project: Path, cluster: str) -> None:
    outcome = run("replay", "--on", "elasticsearch", "--elasticsearch", cluster, *SPAN)
    assert outcome.out.splitlines()[0].startswith("2026-01-01T12:00:00.000Z  ")
    assert outcome.err == "18 events, 32 slices\n1 rule, 9 alerts\n"


def test_interrupted_and_gone_on_with(run: Run, project: Path, cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shown = sys.stdout.write, []

    def write(text: str) -> int:
        if len(shown) == 4:
            raise KeyboardInterrupt
        shown.append(text)
        return real(text)

    monkeypatch.setattr("sys.stdout.write", write)
    first = replay(run, cluster, "--resume", "record")
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert first.code == 130
    assert first.err == "18 events, 32 slices\n4 of 32 slices finished; go on with --resume record\n\ninterrupted\n"
    second = replay(run, cluster, "--resume", "record")
    assert (second.code, ids(first.out) + ids(second.out)) == (0, EVERY)
    assert second.err == "18 events, 32 slices\n4 slices finished before\n"
    third = replay(run, cluster, "--resume", "record")
    assert (third.out, third.err) == ("", "18 events, 32 slices\n32 slices finished before\n")


def test_going_on_without_an_end_goes_to_the_end_it_had(run: Run, project: Path, cluster: str) -> None:
    arguments = ("--on", "elasticsearch", "--elasticsearch", cluster, "--index", INDEX, "--start", "2026-01-01")
    first = run("replay", *arguments, "--slice", "10000d", "--resume", "record")
    second = run("replay", *arguments, "--slice", "10000d", "--resume", "record")
    assert (first.code, len(first.out.splitlines())) == (0, len(EVERY))
    assert (second.code, second.out) == (0, "")


def test_the_record_of_another_replay(run: Run, project: Path, cluster: str) -> None:
    assert replay(run, cluster, "--resume", "record").code == 0
    other = replay(run, cluster, "--resume", "record", "--slice", "2d")
    assert other.code == 2
    assert "record is the record of another replay (other slices)" in other.err
    rule = next((project / "rules").rglob("*.toml"))
    rule.write_text(rule.read_text() + "\n# changed\n")
    assert "(other rules)" in replay(run, cluster, "--resume", "record").err


def test_a_rule_that_the_cluster_refuses_does_not_stop_the_others(run: Run, project: Path, cluster: str) -> None:
    good = next((project / "rules").rglob("*.toml"))
    text = good.read_text()
    body = text[text.index("[rule]") :]
    bad = good.with_name("defense_evasion_ec2_refused.toml")
    number = next(line for line in body.splitlines() if line.startswith("rule_id"))
    name = next(line for line in body.splitlines() if line.startswith("name"))
    text = text.replace(number, 'rule_id = "11111111-2222-4333-8444-555555555555"').replace(name, 'name = "Refused"')
    # Of an index where the field is no ip, Elasticsearch does not take a network.
    start = text.index("query = ")
    quote = text[start + 8 : start + 11]
    end = text.index(quote, start + 11)
    bad.write_text(text[: start + 11] + '\nsource.ip: "10.0.0.0/8" and event.action: *\n' + text[end:])
    ask(f"{cluster}/{INDEX}/_mapping", "PUT", b'{"properties": {"source": {"properties": {"ip": {"type": "long"}}}}}')
    outcome = replay(run, cluster)
    assert (outcome.code, ids(outcome.out)) == (1, EVERY)
    assert outcome.err.count("Refused is not replayed: POST /_search answered 400: rule 'Refused': ") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("events.json",), "takes no files of events"),
        (("--slice", "soon"), "'soon' is not a duration like 30m, 6h or 1d"),
        (("--slice", "0d"), "makes more than 100,000 slices"),
        (("--slice", "1s"), "makes more than 100,000 slices"),
        (("--end", "2025-01-01"), "--end is before --start"),
        (("--index", "absent-*"), "no index is named 'absent-*' there"),
        (("--index", "a/b"), "'a/b' is not an index name or pattern"),
        (("--elasticsearch", "nonsense://x"), "invalid URL, expected one like"),
    ],
)
def test_wrong_usage(run: Run, project: Path, cluster: str, arguments: tuple[str, ...], said: str) -> None:
    outcome = replay(run, cluster, *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_what_must_be_said(run: Run, project: Path) -> None:
    assert "name the cluster" in run("replay", "--on", "elasticsearch", *SPAN).err
    url = ("--elasticsearch", "http://127.0.0.1:9")
    assert "--index and --start" in run("replay", "--on", "elasticsearch", *url, "--index", "x").err
    assert "are for --on elasticsearch" in run("replay", "x", "--slice", "1d").err
    assert "not with --schedule" in run("replay", "x", "--schedule", "--resume", "record").err


def backtest(run: Run, cluster: str, *more: object) -> Any:
    return run("backtest", "--on", "elasticsearch", "--elasticsearch", cluster, *SPAN, *more)


def test_a_backtest_counts_what_a_replay_finds(run: Run, project: Path, cluster: str) -> None:
    for more in ((), ("--slice", "5h"), ("--slice", "99d")):
        found = json.loads(backtest(run, cluster, "--format", "json", *more).out)
        (rule,) = found["rules"]
        assert (rule["alerts"], rule["selected"]) == (len(EVERY), len(EVERY))
        assert rule["days"] == {f"2026-01-{day:02}": 1 for day in DAYS}
        assert (found["sources"]["events"], found["sources"]["days"]) == (18, {f"2026-01-{day:02}": 2 for day in DAYS})
        assert {one["field"]: one["values"] for one in rule["busiest"]} == {
            "event.action": [{"text": "CreateNetworkAcl", "count": 9}]
        }
    done = backtest(run, cluster)
    assert (done.code, done.err) == (0, "")
    first, *_, last = done.out.splitlines()
    assert first == f"{INDEX}: 18 events, 2026-01-01 to 2026-01-09, 9 days with events"
    assert last == "1 rule, 9 alerts"


def test_a_backtest_of_a_cluster_compares_versions(run: Run, project: Path, cluster: str) -> None:
    rule = next((project / "rules/aws").iterdir())
    (project / "before").mkdir()
    (project / "before" / rule.name).write_text(rule.read_text().replace('"CreateNetworkAcl" or', ""))
    found = json.loads(backtest(run, cluster, "--base", "before", "--format", "json").out)
    difference = found["rules"][0]["difference"]
    assert (difference["alerts"], difference["gained"], difference["lost"]) == (0, 9, 0)


def test_a_backtest_of_a_cluster_that_is_interrupted(
    run: Run, project: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = Cluster.run, []

    def interrupted(self: Cluster, plan: Plan, window: Window) -> Iterator[Alert]:
        asked.append(window)
        if len(asked) == 5:
            signal.raise_signal(signal.SIGINT)
        return real(self, plan, window)

    monkeypatch.setattr(Cluster, "run", interrupted)
    done = backtest(run, cluster, "--format", "json")
    assert done.code == 130
    found = json.loads(done.out)
    assert (found["stopped"], found["alerts"], len(asked)) == ("it was interrupted", 5, 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("trail",), "takes no EVENTS"),
        (("--schedule",), "takes no EVENTS"),
        (("--slice", "1y"), "is not a duration"),
        (("--index", "none-such-*"), "no index is named"),
    ],
)
def test_wrong_usage_of_a_backtest(run: Run, project: Path, cluster: str, arguments: Any, said: str) -> None:
    done = backtest(run, cluster, *arguments)
    assert (done.code, said in done.err) == (2, True), done.err


def test_a_rule_that_a_backtest_cannot_run_on_a_cluster(run: Run, project: Path, cluster: str) -> None:
    rule = next((project / "rules/aws").iterdir())
    text = rule.read_text().replace("7666efda", "8666efda")
    (rule.parent / "other.toml").write_text(text.replace('"filebeat-*", "logs-aws.cloudtrail-*"', '"winlogbeat-*"'))
    found = json.loads(backtest(run, cluster, "--format", "json").out)
    why = [one["not_evaluated"] for one in found["rules"] if one["not_evaluated"]]
    assert len(why) == 1
    assert why[0].startswith("it searches winlogbeat-*")
