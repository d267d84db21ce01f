"""The extension for VS Code: it starts the server in the workspace, by the right command."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "etc/vscode"
STUBS = """
const Module = require("module");
const load = Module._load;
let configured = [];
const started = [];
Module._load = function (name, ...rest) {
  if (name === "vscode") return { workspace: {
    getConfiguration: () => ({ get: () => configured }),
    workspaceFolders: [{ uri: { scheme: "file", fsPath: process.argv[2] } }],
  } };
  if (name === "vscode-languageclient/node") return { LanguageClient: class {
    constructor(id, name, server, client) { this.server = server; }
    async start() { started.push(this.server); }
    async stop() { started.push("stopped"); }
  } };
  return load.call(this, name, ...rest);
};
const extension = require(process.argv[1]);
(async () => {
  await extension.activate();
  configured = ["uv", "run", "detections", "lsp"];
  await extension.activate();
  await extension.deactivate();
  console.log(JSON.stringify(started));
})();
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("own", [True, False])
def test_the_server_is_started(tmp_path, own):
    binary = tmp_path / ".venv/bin/detections"
    if own:
        binary.parent.mkdir(parents=True)
        binary.touch()
    done = subprocess.run(
        ["node", "-e", STUBS, str(FOLDER / "extension.js"), str(tmp_path)], capture_output=True, check=True, timeout=60
    )
    options = {"cwd": str(tmp_path)}
    assert json.loads(done.stdout) == [
        {"command": str(binary) if own else "detections", "args": ["lsp"], "options": options},
        {"command": "uv", "args": ["run", "detections", "lsp"], "options": options},
        "stopped",
    ]


def test_the_manifest_names_what_is_there():
    manifest = json.loads((FOLDER / "package.json").read_text())
    assert (FOLDER / manifest["main"]).is_file()
    assert manifest["dependencies"] == {"vscode-languageclient": "^9.0.1"}
