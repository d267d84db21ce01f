// Starts `detections lsp` in the workspace; all else is the server's.
"use strict";

const fs = require("fs");
const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** The configured command, else the workspace's own environment, else what is on the path. */
function serverCommand(folder) {
  const configured = vscode.workspace.getConfiguration("detections").get("command");
  if (configured && configured.length > 0) {
    return configured;
  }
  const bin = process.platform === "win32" ? ["Scripts", "detections.exe"] : ["bin", "detections"];
  const own = path.join(folder, ".venv", ...bin);
  return [fs.existsSync(own) ? own : "detections", "lsp"];
}

async function activate() {
  const [workspace] = vscode.workspace.workspaceFolders || [];
  if (!workspace || workspace.uri.scheme !== "file") {
    return;
  }
  const folder = workspace.uri.fsPath;
  const [command, ...args] = serverCommand(folder);
  client = new LanguageClient(
    "detections",
    "detections",
    { command, args, options: { cwd: folder } },
    { documentSelector: [{ scheme: "file", language: "toml" }], workspaceFolder: workspace },
  );
  await client.start();
}

async function deactivate() {
  if (client) {
    await client.stop();
  }
}

module.exports = { activate, deactivate, serverCommand };
