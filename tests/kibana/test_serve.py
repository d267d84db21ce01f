"""`make kibana`: a stand-in that a person starts, deploys to, and edits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

SERVE = Path(__file__).parent / "serve.py"


def test_a_person_deploys_to_it_edits_there_and_pulls(run, project, monkeypatch) -> None:
    started = subprocess.Popen(
        [sys.executable, str(SERVE), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert started.stdin and started.stdout
    try:
        said = re.fullmatch(r"export KIBANA_URL=(\S+) KIBANA_API_KEY=(\S+)\n", started.stdout.readline())
        assert said is not None
        (project.folder / "pyproject.toml").write_text("[tool.detections]\n")
        monkeypatch.setenv("KIBANA_URL", said[1])
        monkeypatch.setenv("KIBANA_API_KEY", said[2])
        assert run("apply", "--yes").code == 0

        def told(line: str) -> str:
            started.stdin.write(line + "\n")
            started.stdin.flush()
            return started.stdout.readline()

        assert told('a severity="high" risk_score=73') == "edited Rule a: severity, risk_score\n"
        assert told('nobody severity="high"') == "0 rules are called nobody\n"
        assert told("a severity=high").startswith("a field is name=JSON")
        assert "1 drifted" in run("plan").out
        assert run("pull").code == 0
        assert 'severity = "high"' in (project.folder / "rules/a.toml").read_text()
    finally:
        started.kill()
        started.wait()
        started.stdin.close()
        started.stdout.close()
