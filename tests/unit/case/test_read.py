import pytest

from detections.case.read import offset, read_cases
from detections.source import parse

GOOD = """
base = "cloudtrail/a.json"

[[case]]
name = "plain"
verdict = "alert"

[[case]]
name = "changed"
verdict = "quiet"
base = "cloudtrail/b.json"
raw = { "userIdentity.type" = "Root" }
raw_unset = ["errorCode"]
set = { "event.outcome" = "failure" }
unset = ["data_stream.dataset"]
retain = "keyword"
at = "-10m"
history = [{ at = "-7d" }, { at = "-2d", retain = "all", raw = { "awsRegion" = "eu-west-1" } }]
new_terms = [["123456789012", "alice"]]

[[uncovered]]
leaf = 'a: "b"'
why = "because"
"""


def test_a_case_inherits_from_its_file_and_history_from_its_case() -> None:
    file = read_cases(parse(GOOD, "x.toml"))
    assert file.findings == ()
    plain, changed = file.cases
    assert (plain.event.base, plain.event.at, plain.event.settings) == ("cloudtrail/a.json", 0, {})
    assert (changed.event.base, changed.event.at) == ("cloudtrail/b.json", -600_000)
    assert changed.event.settings == {"retain": "keyword"}
    week, two_days = changed.history
    assert (week.at, week.settings, dict(week.raw)) == (
        -604_800_000,
        {"retain": "keyword"},
        {"userIdentity.type": "Root"},
    )
    assert two_days.settings == {"retain": "all"}
    assert dict(two_days.raw) == {"userIdentity.type": "Root", "awsRegion": "eu-west-1"}
    assert two_days.unset == ("data_stream.dataset",)
    assert changed.new_terms == (("123456789012", "alice"),)
    assert file.uncovered[0].why == "because"


def test_an_event_of_the_history_may_be_there_many_times() -> None:
    line = 'history = [{ at = "-5m", times = 3, every = "10s", set = { "user.name" = "u-{n}" } }, { at = "-1s" }]'
    file = read_cases(parse(f'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\n{line}', "x.toml"))
    assert file.findings == ()
    assert [(one.at, dict(one.set)) for one in file.cases[0].history] == [
        (-300_000, {"user.name": "u-000000000000"}), (-290_000, {"user.name": "u-000000000001"}),
        (-280_000, {"user.name": "u-000000000002"}), (-1_000, {}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('base = "a"\n[[case]]\nverdict = "alert"', "no 'name'", 2),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "maybe"', "must be 'alert', 'quiet' or 'suppressed'", 4),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nsett = {}', "unknown key 'sett'", 5),
        ('[[case]]\nname = "x"\nverdict = "alert"', "no 'base'", 1),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nat = "7d"', "not a relative time", 5),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nretain = "most"', "must be one of", 5),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nhistory = [{}]', "needs 'at'", 5),
        (
            'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nhistory = [{ at = "-1m", times = 0 }]',
            "'times' must be a number from 1 to 10,000",
            5,
        ),
        (
            'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nhistory = [{ at = "-1m", times = true }]',
            "'times' must be a number",
            5,
        ),
        (
            'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nhistory = [{ at = "-1m", times = 2, every = "x" }]',
            "'every' must be a duration",
            5,
        ),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nraw = "y"', "must be a table", 5),
        (
            'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nthreshold = { count = "5" }',
            "'count' must be a whole number",
            5,
        ),
        ('base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nthreshold = { size = 5 }', "unknown key 'size'", 5),
        (
            'base = "a"\n[[case]]\nname = "x"\nverdict = "alert"\nthreshold = { terms = { a = 5 } }',
            "must be strings",
            5,
        ),
        ('base = "a"\ncase = 1', "array of tables", 2),
        ("# nothing yet", "no [[case]]", 1),
        ('basis = "a"', "unknown key 'basis'", 1),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text: str, message: str, line: int) -> None:
    findings = read_cases(parse(text, "x.toml")).findings
    assert any(message in finding.message and finding.location.line == line for finding in findings), findings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[[case]]\nnmae = "x"', "    nmae = \"x\"\n    ^^^^\n    did you mean name?"),
        ('[[case]]\nseverity = "x"', "    severity = \"x\"\n    ^^^^^^^^\n    known keys: base, raw, raw_unset,"),
        ('[[case]]\nhistory = [{ ta = 1 }]', "    history = [{ ta = 1 }]\n                 ^^\n    did you mean at?"),
        ('[[case]]\nverdict = "alrt"', '    verdict = "alrt"\n               ^^^^'),
        ('[[case]]\nverdict = "alert"', "    [[case]]\n    ^"),
    ],
)  # fmt: skip
def test_the_caret_is_under_what_is_wrong(text: str, shown: str) -> None:
    findings = read_cases(parse('base = "a"\n' + text, "x.toml")).findings
    assert any(finding.render().partition("\n")[2].startswith(shown) for finding in findings), findings


def test_two_cases_of_one_name_are_told() -> None:
    text = 'base = "a"\n' + '[[case]]\nname = "x"\nverdict = "alert"\n' * 2
    (finding,) = read_cases(parse(text, "x.toml")).findings
    assert finding.location.line == 6


def test_a_bad_case_does_not_hide_the_good_ones() -> None:
    text = 'base = "a"\n[[case]]\nname = "bad"\n[[case]]\nname = "good"\nverdict = "quiet"'
    file = read_cases(parse(text, "x.toml"))
    assert [case.name for case in file.cases] == ["good"]
    assert len(file.findings) == 1


@pytest.mark.parametrize(("text", "milliseconds"), [("-7d", -604_800_000), ("+30s", 30_000), ("-1w", -604_800_000)])
def test_relative_times(text: str, milliseconds: int) -> None:
    assert offset(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "b"\n[[case]]\nnmae = "x"\nverdict = "alert"', "unknown key 'nmae'"),
        ('base = "b"\n[[case]]\nname = "x"\nverdit = "alert"', "unknown key 'verdit'"),
        ('bsae = "b"\n[[case]]\nname = "x"\nverdict = "alert"\n[[case]]\nname = "y"\nverdict = "quiet"',
         "unknown key 'bsae'"),
        ('[[case]]\nname = "x"\nverdict = "alert"\nbsae = "b"', "unknown key 'bsae'"),
        ('base = "b"\n[[cases]]\nname = "x"\nverdict = "alert"', "unknown key 'cases'"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_one_finding(text: str, message: str) -> None:
    file = read_cases(parse(text, "x.toml"))
    assert [finding.message for finding in file.findings] == [message]
    assert file.findings[0].hint.startswith("did you mean")
    assert file.cases == ()
