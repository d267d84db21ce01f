"""Writing a site: all of it or nothing, and nothing but it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detections.errors import UsageError
from detections.site.folder import LIST, Page, write


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LIST
    }  # fmt: skip


OLD = [("index.html", "old"), ("rules/a.html", "a"), ("rules/b.html", "b")]
NEW = [("index.html", "new"), ("rules/b.html", "B"), ("rules/c.html", "ü")]


def test_new_pages_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    assert write(tmp_path / "x/site", OLD) == (3, 5)
    assert write(tmp_path / "x/site", NEW) == (3, 6)
    assert files(tmp_path / "x/site") == dict(NEW)
    assert sorted(path.name for path in (tmp_path / "x/site").iterdir()) == [LIST, "index.html", "rules"]


def test_a_run_that_fails_leaves_the_site_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, OLD)

    def pages() -> Iterator[Page]:
        yield "index.html", "new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, pages())
    assert files(tmp_path) == dict(OLD)


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / ".detections-site-left/rules").mkdir(parents=True)
    write(tmp_path, NEW)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LIST, "index.html", "rules"]


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("mine")
    write(tmp_path, OLD)
    (tmp_path / "CNAME").write_text("example.com")
    (tmp_path / "rules/mine.html").write_text("mine")
    write(tmp_path, NEW)
    others = {".git/config": "mine", "CNAME": "example.com", "rules/mine.html": "mine"}
    assert files(tmp_path) == dict(NEW) | others


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        write(tmp_path, NEW)
    assert files(tmp_path) == {"index.html": "mine"}


def test_a_list_that_was_edited_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("mine")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/deep.html").write_text("mine")
    site = tmp_path / "site"
    write(site, OLD)
    whole = tmp_path / "secret.html"
    (site / LIST).write_text(f"../secret.html\n{whole}\nrules/../../secret.html\n\n../b/deep.html\nindex.html\n")
    write(site, NEW)
    assert whole.read_text() == "mine"
    assert (tmp_path / "b/deep.html").read_text() == "mine"


def test_a_file_where_the_folder_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written"):
        write(tmp_path / "site", NEW)


def test_half_of_a_character_is_no_reason_to_fail(tmp_path: Path) -> None:
    write(tmp_path, [("index.html", "\ud800")])
    assert files(tmp_path) == {"index.html": "?"}
