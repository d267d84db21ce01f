"""How findings look."""

from detections.errors import Finding, Location, QueryError


def rendered(excerpt: str, column: int, length: int = 1) -> list[str]:
    return Finding("code", "message", Location("x", 1, column), excerpt=excerpt, length=length).render().split("\n")[1:]


def test_the_caret_stands_under_its_place_tabs_or_not() -> None:
    assert rendered("\tname = 'x'", 2, 4) == ["    \tname = 'x'", "    \t^^^^"]
    assert rendered("ab", 2, 99) == ["    ab", "     ^"]
    assert rendered("ab", 3) == ["    ab", "      ^"]


def test_of_a_long_line_only_what_is_near_is_shown() -> None:
    for column in (1, 500_000, 1_000_000):
        line, caret = rendered("a" * (column - 1) + "X" + "a" * (1_000_000 - column), column, 3)
        assert len(line) == 164
        assert line[caret.index("^")] == "X"


def test_what_does_not_print_is_shown_as_such() -> None:
    assert rendered("a\x1b[31m\0b\u202e", 1) == ["    a\ufffd[31m\ufffdb\ufffd", "    ^"]


def test_a_query_is_shown_as_a_line_of_a_file_is() -> None:
    long = QueryError("message", f"any where {'a' * 50_000}X{'b' * 50_000}", 50_010, 50_013)
    assert str(long).split("\n") == ["message", *("a" * 80 + "X" + "b" * 79, " " * 80 + "^^^")]
    assert str(QueryError("message", "a\r\nb\x1b\tc\r\nd", 6)) == "message\nb\ufffd\tc\n  \t^"
    assert QueryError("message", "any", 3).caret() == "any\n   ^"
