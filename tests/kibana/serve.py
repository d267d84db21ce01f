"""The stand-in for a Kibana, for a person to try deployments with: `make kibana`, until Ctrl-C.

It keeps what it is told as long as it runs, on loopback only. A line on standard input edits a rule as a person would
in Kibana's form: its rule_id (or the beginning of its name), and fields as JSON, `severity="high" risk_score=73`.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer

FOLDER = Path(__file__).parent / "stand_in"


def stand_in() -> Any:
    """The class, from the folder beside this file."""
    spec = importlib.util.spec_from_file_location(
        "kibana_stand_in", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("kibana_stand_in", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module.StandIn


def edited(kibana: Any, line: str) -> str:
    """Edit a rule as the line says; what became of it."""
    name, *changes = shlex.split(line, posix=False)
    found = [
        rule for rule in kibana.space().rules.values()
        if rule["rule_id"] == name or rule["name"].casefold().startswith(name.strip("\"'").casefold())
    ]  # fmt: skip
    if len(found) != 1:
        return f"{len(found)} rules are called {name}"
    try:
        fields = {key: json.loads(value) for key, _, value in (change.partition("=") for change in changes)}
    except ValueError as error:
        return f'a field is name=JSON, like severity="high": {error}'
    kibana.edit(found[0]["rule_id"], by="alice", **fields)
    return f"edited {found[0]['name']}: {', '.join(fields)}"


def main(port: int) -> None:
    """Serve until Ctrl-C, or until standard input ends where that is a terminal."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its faults, not a line for each request
    with HTTPServer(host="127.0.0.1", port=port, threaded=True) as server:
        kibana = stand_in()(server)
        print(f"export KIBANA_URL={kibana.url} KIBANA_API_KEY={kibana.api_key}", flush=True)
        for line in sys.stdin:
            if line.strip():
                print(edited(kibana, line), flush=True)
        if not sys.stdin.isatty():
            server.thread.join()  # started without a terminal: only a signal ends it


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5601)
    except KeyboardInterrupt:
        print()
