"""Stands in for GitHub's `gh api` in tests of the action: the comments of one pull request, in a file.

usage: gh api [--paginate] [--silent] [--method M] PATH [--jq EXPRESSION] [--field body=@FILE]
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    store = Path(os.environ["GH_STORE"])
    comments = json.loads(store.read_text()) if store.exists() else []
    if os.environ.get("GH_REFUSES"):
        return 1
    said = dict(itertools.pairwise(arguments))
    path = next(one for one in arguments if one.startswith("repos/"))
    if "--field" not in said:
        done = subprocess.run(["jq", "-r", said["--jq"]], input=json.dumps(comments), text=True, check=True)
        return done.returncode
    body = Path(said["--field"].removeprefix("body=@")).read_text()
    if said["--method"] == "POST":
        assert path == "repos/team/rules/issues/7/comments"
        comments.append({"id": len(comments) + 100, "body": body})
    else:
        (known,) = [one for one in comments if path == f"repos/team/rules/issues/comments/{one['id']}"]
        known["body"] = body
    store.write_text(json.dumps(comments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
