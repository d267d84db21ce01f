import sys
import threading
from collections.abc import Iterator

import pytest

from detections.events.ahead import ahead


def test_the_same_items_in_the_same_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter(()))) == []


def test_what_making_them_raises_is_raised_behind_the_last() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    read = ahead(items())
    assert next(read) == 1
    with pytest.raises(OSError, match="gone"):
        next(read)


def test_no_more_than_a_few_are_made_ahead() -> None:
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    read = ahead(items())
    for number in range(1, 50):
        assert next(read) == number
        assert made <= number + 4
    read.close()


def test_who_stops_before_the_end_leaves_nothing_behind() -> None:
    before = sys.getswitchinterval(), threading.active_count()
    first, second = ahead(iter(range(100))), ahead(iter(range(100)))
    assert (next(first), next(second)) == (0, 0)
    assert sys.getswitchinterval() < before[0]
    first.close()
    assert sys.getswitchinterval() < before[0]
    second.close()
    assert (sys.getswitchinterval(), threading.active_count()) == before
