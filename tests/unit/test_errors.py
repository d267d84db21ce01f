"""How findings look."""

from detections.errors import DetectionsError, Finding, Location, QueryError, ServerError


def rendered(excerpt: str, column: int, length: int = 1) -> list[str]:
    return Finding("code", "message", Location("x", 1, column), excerpt=excerpt, length=length).render().split("\n")[1:]


def test_the_caret_stands_under_its_place_tabs_or_not() -> None:
    assert rendered("\tname = 'x'", 2, 4) == ["        name = 'x'", "        ^^^^"]
    assert rendered("ab", 2, 99) == ["    ab", "     ^"]
    assert rendered("ab", 3) == ["    ab", "      ^"]


def test_of_a_long_line_only_what_is_near_is_shown() -> None:
    for column in (1, 500_000, 1_000_000):
        line, caret = rendered("a" * (column - 1) + "X" + "a" * (1_000_000 - column), column, 3)
        assert len(line) == 164
        assert line[caret.index("^")] == "X"


def test_what_does_not_print_is_shown_as_such() -> None:
    assert rendered("a\x1b[31m\0b\u202e", 1) == [r"    a\x1b[31m\x00b\u202e", "    ^"]
    assert rendered("a\x1bb", 2, 2) == [r"    a\x1bb", "     ^^^^^"]


def test_the_caret_stands_under_characters_of_two_cells_and_of_none() -> None:
    assert rendered("\u6771e\u0301x", 4) == ["    \u6771e\u0301x", "       ^"]
    assert rendered("\u6771\u4eac", 1, 2)[1] == "    ^^^^"


def test_a_finding_is_one_line_whatever_it_names() -> None:
    finding = Finding("code", "a\nb", Location("x\udcff\x1b[0m.toml", 1, 1), hint="c\rd", count=3)
    assert str(finding) == r"x\udcff\x1b[0m.toml:1:1: code a\nb (3 times)"
    assert finding.render().split("\n") == [str(finding), r"    c\rd"]


def test_details_stand_below_the_message() -> None:
    assert str(DetectionsError("stale", details=["a changed", "b is gone"])) == "stale\n    a changed\n    b is gone"
    error = ServerError("no", request="GET /x", status=500, details=["its last words"])
    assert (str(error), error.message) == ("GET /x answered 500: no\n    its last words", "no")


def test_a_query_is_shown_as_a_line_of_a_file_is() -> None:
    long = QueryError("message", f"any where {'a' * 50_000}X{'b' * 50_000}", 50_010, 50_013)
    assert str(long).split("\n") == ["message", *("a" * 80 + "X" + "b" * 79, " " * 80 + "^^^")]
    assert str(QueryError("message", "a\r\nb\x1b\tc\r\nd", 6)) == "message\nb\\x1b    c\n         ^"
    assert QueryError("message", "any", 3).caret() == "any\n   ^"
