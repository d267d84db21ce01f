"""What cannot be read becomes findings with their places; what can is what tomllib reads."""

from pathlib import Path

import pytest

from detections.errors import Finding, Location, SourceError
from detections.source import parse, read
from detections.source.scan import MAX_DEPTH


def refusal(text: str) -> Finding:
    with pytest.raises(SourceError) as caught:
        parse(text, "x.toml")
    (finding,) = caught.value.findings
    assert finding.code == "toml"
    return finding


def unreadable(path: Path) -> Finding:
    with pytest.raises(SourceError) as caught:
        read(path)
    (finding,) = caught.value.findings
    return finding


def test_reads_a_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes("a = 'é'\r\n[b]\r\nc = 1\r\n".encode())
    document = read(path)
    assert document.data == {"a": "é", "b": {"c": 1}}
    assert document.text == "a = 'é'\r\n[b]\r\nc = 1\r\n"
    assert document.path == str(path)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a = 1\nb = = 2\n", "invalid value", 2, 5),
        ("a = 1\n[rule\n", "expected ']' at the end of a table declaration", 2, 6),
        ("a = [1,\n  2\n", "unclosed array", 3, 1),
        ("a = '''\n  2\n", "expected \"'''\"", 3, 1),
        ("a = 1\nb = 2\na = '''\n\n'''\n", "has this key twice", 3, 1),
        ("[a]\nb = 1\n[a]\n", "cannot declare ('a',) twice", 3, 3),
        ("[a]\nx = 'a\0b'\n", "found invalid character '\\x00'", 2, 7),
    ],
)
def test_a_broken_text_is_one_finding_with_its_place(text: str, message: str, line: int, column: int) -> None:
    finding = refusal(text)
    assert (finding.message, finding.location) == (message, Location("x.toml", line, column))
    assert finding.excerpt == (text + "\n").split("\n")[line - 1]


@pytest.mark.parametrize("text", ["", "   \n\n"])
def test_a_text_without_anything(text: str) -> None:
    finding = refusal(text)
    assert (finding.message, finding.location) == ("is empty", Location("x.toml", 1, 1))


@pytest.mark.parametrize(
    ("content", "message", "line", "column"),
    [
        (b"\xef\xbb\xbfa = 1\n", "byte order mark", 1, 1),
        ("a = 1".encode("utf-16"), "UTF-16", 1, 1),
        (b"a = 1\nb = '\xe9t\xe9'\n", "is not UTF-8: byte 0xe9 at offset 11", 2, 6),
        (b"\x7fELF\x02\x01\x01\x00\x00\x80", "is not UTF-8: byte 0x80", 1, 10),
        (b"\x00\x01\x02", "invalid statement", 1, 1),
    ],
)
def test_wrong_bytes_have_a_place(tmp_path: Path, content: bytes, message: str, line: int, column: int) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    finding = unreadable(path)
    assert message in finding.message
    assert finding.location == Location(str(path), line, column)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    finding = unreadable(tmp_path / "a.toml")
    assert finding.message == "cannot be read: No such file or directory"
    assert finding.location == Location(str(tmp_path / "a.toml"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert unreadable(tmp_path).message == "cannot be read: Is a directory"


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\nb = " + "[" * 10_000 + "]" * 10_000,
        "a = 1\nb = " + "{a=" * 10_000 + "1" + "}" * 10_000,
        "a = 1\nb = " + "[{a=" * 60 + "1" + "}]" * 60,
        "a = 1\n" + "b." * 200_000 + "c = 1",
        "a = 1\n[" + "b." * 200_000 + "c]",
        "a = 1\n[[" + "b." * 60 + "c]]\n" + "d." * 60 + "e = 1",
    ],
)
def test_nesting_that_is_too_deep_has_a_place(text: str) -> None:
    finding = refusal(text)
    assert finding.message == f"is nested more than {MAX_DEPTH} levels deep"
    assert finding.location.line >= 2
    assert finding.location.column > 60


def test_nesting_up_to_the_limit_and_dots_in_strings_are_fine() -> None:
    lists = MAX_DEPTH - 1
    assert parse("a = " + "[" * lists + "]" * lists, "x.toml").data["a"]
    assert parse("a = '" + "x." * 1_000 + "'", "x.toml").data["a"].count(".") == 1_000


def test_a_number_of_too_many_digits_has_a_place() -> None:
    finding = refusal("a = 1\nb = '" + "1" * 9_000 + "'\nc = [2, " + "7" * 5_000 + "]\n")
    assert (finding.message, finding.location) == ("has a number with too many digits", Location("x.toml", 3, 9))


def test_a_string_of_ten_megabytes_is_only_work() -> None:
    document = parse("a = '''\n" + "x" * 10_000_000 + "'''\nb = 1\n", "x.toml")
    assert document.location(("a",), 9_999_999) == Location("x.toml", 2, 10_000_000)
    assert document.location(("b",)) == Location("x.toml", 3, 5)
