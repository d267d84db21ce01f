"""``detections fmt``: rule files in one layout, nothing else of them changed."""

import io
import sys

RULE = "rules/aws/defense_evasion_ec2_network_acl_created.toml"


def untidy(project):
    path = project / RULE
    text = path.read_text()
    path.write_text(text.replace('type = "query"\n', "").replace("[rule]\n", "[rule]\ntype = 'query' # KQL\n"))
    return path


def test_a_file_is_laid_out_and_then_stays(run, project):
    assert run("fmt").out == "0 files changed, 1 laid out already\n"
    path = untidy(project)
    tidy = run("fmt")
    assert (tidy.code, tidy.out) == (0, f"{RULE}\n1 file changed, 0 laid out already\n")
    assert 'type = "query"  # KQL\n' in path.read_text()
    assert run("fmt", "--check").code == 0


def test_check_and_diff_write_nothing(run, project):
    path = untidy(project)
    before = path.read_text()
    checked, shown = run("fmt", "--check"), run("fmt", "--diff", RULE)
    assert (checked.code, shown.code) == (1, 0)
    assert checked.out == f"{RULE}\n1 file would change, 0 laid out already\n"
    assert checked.err == "run `detections fmt`\n"
    assert "-type = 'query' # KQL\n" in shown.out
    assert '+type = "query"  # KQL\n' in shown.out
    assert path.read_text() == before


def test_a_broken_file_keeps_no_other_from_its_layout(run, project):
    untidy(project)
    (project / "rules/broken.toml").write_text("[rule\n")
    done = run("fmt")
    assert done.code == 1
    assert "rules/broken.toml:1" in done.err
    assert done.out == f"{RULE}\n1 file changed, 0 laid out already, 1 not read\n"


def test_standard_input_comes_out_laid_out(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[rule]\nb = 1\na = 'x'\n")))
    assert run("fmt", "-").out == '[rule]\na = "x"\nb = 1\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[rule\n")))
    assert run("fmt", "-").code != 0
    assert run("fmt", "-", RULE).code == 2
