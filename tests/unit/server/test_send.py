"""Patience: what is sent again, when, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from detections.errors import ServerUnavailable
from detections.server import Answer, Backoff, Lost, patiently

REFUSED = Lost("cannot connect", sent=False)
DROPPED = Lost("the connection was dropped")
UNTRUSTED = Lost("its certificate is not trusted", sent=False, final=True)
TOO_LARGE = Lost("the answer is too large", final=True)


class Script:
    """Attempts that come out as written; the last one is repeated."""

    def __init__(self, *outcomes: Any, **options: Any) -> None:
        self.outcomes = list(outcomes)
        self.sent = 0
        self.slept: list[float] = []
        self.backoff = Backoff(sleep=self.slept.append, clock=lambda: 1_000_000.0, **options)

    def attempt(self) -> Any:
        outcome = self.outcomes[min(self.sent, len(self.outcomes) - 1)]
        self.sent += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def run(self, *, repeatable: bool = True) -> Any:
        def judge(value: Any) -> Answer | None:
            return value if isinstance(value, Answer) else None

        return patiently(self.attempt, judge, self.backoff, repeatable=repeatable, what="POST /x")


@pytest.mark.parametrize("outcome", [DROPPED, Answer(502), Answer(503), Answer(504)])
def test_what_may_have_been_done_is_repeated_only_where_that_is_safe(outcome):
    script = Script(outcome, "done")
    assert script.run() == "done"
    assert len(script.slept) == 1
    once = Script(outcome, "done")
    try:
        assert once.run(repeatable=False) is outcome
    except ServerUnavailable as error:
        assert error.sent
    assert once.sent == 1


@pytest.mark.parametrize("outcome", [REFUSED, Answer(429)])
def test_what_was_not_done_is_always_repeated(outcome):
    script = Script(outcome, outcome, "done")
    assert script.run(repeatable=False) == "done"
    assert script.sent == 3


@pytest.mark.parametrize("lost", [UNTRUSTED, TOO_LARGE])
def test_what_will_not_get_better_is_not_repeated(lost):
    script = Script(lost)
    with pytest.raises(ServerUnavailable) as raised:
        script.run()
    assert (raised.value.message, raised.value.sent, script.sent) == (lost.why, lost.sent, 1)


@pytest.mark.parametrize("lost", [REFUSED, DROPPED])
def test_the_last_try_says_why(lost):
    script = Script(lost)
    with pytest.raises(ServerUnavailable) as raised:
        script.run()
    assert str(raised.value) == f"POST /x: {lost.why}"
    assert (raised.value.sent, script.sent) == (lost.sent, script.backoff.tries)


@pytest.mark.parametrize("status", [200, 400, 404, 409, 413, 500])
def test_other_answers_are_kept(status):
    script = Script(Answer(status), "done")
    assert script.run() == Answer(status)
    assert not script.slept


def test_waits_double_and_end():
    script = Script(Answer(503), tries=6, first=1.0, longest=4.0)
    assert script.run() == Answer(503)
    assert script.sent == 6
    for slept, longest in zip(script.slept, (1, 2, 4, 4, 4), strict=True):
        assert longest / 2 <= slept <= longest


DATE = "Mon, 12 Jan 1970 13:46:40 GMT"  # 1,000,000 seconds, the clock's now
HOUR_LATER = "Mon, 12 Jan 1970 14:46:40 GMT"


@pytest.mark.parametrize(
    ("asked", "date", "slept"),
    [
        ("7", None, 7.0),
        (" 0 ", None, 0.0),
        ("Mon, 12 Jan 1970 13:47:00 GMT", None, 20.0),
        ("Mon, 12 Jan 1970 13:47:00 -0000", None, 20.0),
        ("Mon, 12 Jan 1970 13:00:00 GMT", None, 0.0),
        ("Mon, 12 Jan 1970 14:46:50 GMT", HOUR_LATER, 10.0),  # the server's clock is an hour ahead
        ("Mon, 12 Jan 1970 12:46:50 GMT", "Mon, 12 Jan 1970 12:46:40 GMT", 10.0),  # or behind
    ],
)
def test_retry_after_is_obeyed(asked, date, slept):
    script = Script(Answer(429, asked, date), "done")
    assert script.run(repeatable=False) == "done"
    assert script.slept == [slept]


@pytest.mark.parametrize("asked", ["121", "9" * 400, "Mon, 12 Jan 1970 14:46:40 GMT"])
def test_a_server_that_asks_for_too_long_ends_the_tries(asked):
    script = Script(Answer(429, asked), "done")
    assert script.run() == Answer(429, asked)
    assert not script.slept


@pytest.mark.parametrize("asked", ["soon", "-1", "²", "1.5", "", "Mon, 99 Jan 9999 99:99:99 GMT"])
def test_a_retry_after_that_is_none_is_passed_over(asked):
    script = Script(Answer(429, asked), "done")
    assert script.run() == "done"
    assert 0.25 <= script.slept[0] <= 0.5


def test_an_interrupt_ends_the_waiting():
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    script = Script(Answer(503), "done")
    backoff = Backoff(sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        patiently(script.attempt, lambda value: value, backoff, repeatable=True, what="GET /")
    assert script.sent == 1
