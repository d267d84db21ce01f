"""The server itself: messages of the protocol to the project's answers and back. Transport and state are pygls'."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from detections.case import Proof
from detections.errors import DetectionsError, Finding, Level
from detections.lsp.complete import Item, complete
from detections.lsp.cursor import cursor
from detections.lsp.hover import hover
from detections.lsp.project import Project
from detections.rule.layout import formatted

RUN_CASES = "detections.runCases"
SOURCE = "detections"
PAUSE = 0.03
"""Seconds without an edit after which a text is checked; while one types on, at most LONGEST are waited."""
LONGEST = 0.2

_KINDS = {
    "key": types.CompletionItemKind.Property,
    "table": types.CompletionItemKind.Module,
    "value": types.CompletionItemKind.EnumMember,
    "field": types.CompletionItemKind.Field,
    "function": types.CompletionItemKind.Function,
    "operation": types.CompletionItemKind.Event,
    "tactic": types.CompletionItemKind.Reference,
    "technique": types.CompletionItemKind.Reference,
}
_LEVELS = {
    Level.ERROR: types.DiagnosticSeverity.Error,
    Level.WARNING: types.DiagnosticSeverity.Warning,
    Level.NOTE: types.DiagnosticSeverity.Information,
}


def serve(project: Project, version: str) -> None:
    """Speak the protocol over standard input and output until the client leaves."""
    made(project, version).start_io()


class Server(LanguageServer):
    """A server for one project. ``proofs`` keeps what the cases of a file said last, until the file changes."""

    def __init__(self, project: Project, version: str) -> None:
        super().__init__("detections", version, text_document_sync_kind=types.TextDocumentSyncKind.Incremental)
        self.project = project
        self.proofs: dict[str, tuple[Proof, list[Finding]]] = {}
        self._uris: dict[str, str] = {}
        self._waiting: dict[str, tuple[asyncio.TimerHandle, float]] = {}

    # Files

    def path(self, uri: str) -> str:
        """The path of a file as the project spells it: relative to the working directory where it lies below it."""
        absolute, here = Path(uris.to_fs_path(uri) or uri), Path.cwd()
        path = str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
        self._uris[path] = uri
        return path

    def uri(self, path: str) -> str:
        return self._uris.get(path) or uris.from_fs_path(str(Path.cwd() / path)) or path

    def taken(self, uri: str) -> str:
        """The path of an open file, its text taken over."""
        path = self.path(uri)
        try:
            self.project.texts[path] = self.workspace.get_text_document(uri).source
        except (OSError, ValueError):  # not open, and not there to be read
            self.project.texts[path] = ""
        return path

    # What is found

    def check_soon(self, uri: str) -> None:
        """Check a file when its typist pauses."""
        loop = asyncio.get_running_loop()
        handle, first = self._waiting.pop(uri, (None, loop.time()))
        if handle is not None:
            handle.cancel()
        due = min(loop.time() + PAUSE, first + LONGEST)
        self._waiting[uri] = (loop.call_at(due, self.check, uri), first)

    def check(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        path = self.path(uri)
        if path in self.project.texts:
            self.publish(path, self.project.findings(path))

    def publish(self, path: str, findings: Iterable[Finding]) -> None:
        text = self.project.texts.get(path)
        lines = (text if text is not None else _read(path)).split("\n")
        shown = [self.diagnostic(lines, finding) for finding in findings if finding.location.path == path]
        uri = self.uri(path)
        opened = self.workspace.text_documents.get(uri)
        version = opened.version if opened is not None else None
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def diagnostic(self, lines: Sequence[str], finding: Finding) -> types.Diagnostic:
        row, column = max(0, finding.location.line - 1), max(0, finding.location.column - 1)
        message = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        return types.Diagnostic(
            self.range(lines, row, column, finding.length if finding.location.column else 0), message,
            severity=_LEVELS[finding.level], code=finding.code, source=SOURCE,
        )  # fmt: skip

    # Places

    def range(self, lines: Sequence[str], row: int, column: int, length: int) -> types.Range:
        """A part of a line, in the client's units."""
        line = lines[row] if row < len(lines) else ""
        codec = self.workspace.position_codec
        start, end = (codec.client_num_units(line[:at]) for at in (column, column + length))
        return types.Range(types.Position(row, start), types.Position(row, end))

    def offset(self, text: str, position: types.Position) -> int:
        """The code point at a client's position; at the nearest place where there is none."""
        return offset_at(text, position, self.workspace.position_codec)


def offset_at(text: str, position: types.Position, codec: PositionCodec) -> int:
    lines = text.split("\n")
    row = min(max(0, position.line), len(lines) - 1)
    if position.line > row:
        return len(text)
    at = codec.position_from_client_units([lines[row]], types.Position(0, max(0, position.character)))
    return sum(len(line) + 1 for line in lines[:row]) + min(at.character, len(lines[row]))


def made(project: Project, version: str) -> Server:
    """The server with what it answers."""
    server = Server(project, version)

    @server.feature(types.INITIALIZED)
    async def initialized(ls: Server, params: types.InitializedParams) -> None:
        await asyncio.to_thread(project.load)
        for path in list(project.texts):
            ls.check_soon(ls.uri(path))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        ls.taken(params.text_document.uri)
        ls.check(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        path = ls.taken(params.text_document.uri)
        ls.proofs.pop(path, None)
        ls.check_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
        path = ls.taken(params.text_document.uri)
        project.saved(path)
        for other in project.texts:
            ls.check_soon(ls.uri(other))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        path = ls.path(params.text_document.uri)
        ls.publish(path, ())
        project.texts.pop(path, None)
        ls.proofs.pop(path, None)

    _asked(server, project)
    _cases(server, project)
    return server


def _asked(server: Server, project: Project) -> None:
    """What a client asks for."""

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", ":", '"', "=", "["])
    )
    async def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
        path = ls.taken(params.text_document.uri)
        text = project.texts[path]
        at = cursor(text, ls.offset(text, params.position))
        items, whole = complete(at, project.subject(path))
        units = ls.workspace.position_codec.client_num_units(at.typed)
        start = types.Position(params.position.line, max(0, params.position.character - units))
        place = types.Range(start, params.position)
        return types.CompletionList(not whole, [_item(one, number, place) for number, one in enumerate(items)])

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: Server, params: types.HoverParams) -> types.Hover | None:
        path = ls.taken(params.text_document.uri)
        text = project.texts[path]
        shown = hover(cursor(text, ls.offset(text, params.position)), project.subject(path))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, shown)) if shown else None

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
        cases = project.cases_of(ls.taken(params.text_document.uri))
        if cases is None or not cases.is_file():
            return None
        return types.Location(ls.uri(str(cases)), types.Range(types.Position(0, 0), types.Position(0, 0)))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        path = ls.taken(params.text_document.uri)
        document = project.document(path) if project.is_rule(path) else None
        wanted = formatted(document) if document is not None else None
        if document is None or wanted is None or wanted == document.text:
            return None
        whole = types.Range(types.Position(0, 0), types.Position(document.text.count("\n") + 1, 0))
        return [types.TextEdit(whole, wanted)]


def _cases(server: Server, project: Project) -> None:
    """The cases of a rule: what they said, and their run."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
        path = ls.taken(params.text_document.uri)
        cases, document = project.cases_of(path), project.document(path)
        if cases is None or document is None or "rule" not in document.data:
            return []
        row = document.key_location(("rule",)).line - 1
        place = types.Range(types.Position(row, 0), types.Position(row, 0))
        if not cases.is_file():
            return [types.CodeLens(place, types.Command(f"no cases: {cases} is not there", ""))]
        title = _verdict(ls.proofs[path][0]) if path in ls.proofs else "run the cases"
        return [types.CodeLens(place, types.Command(title, RUN_CASES, arguments=[params.text_document.uri]))]

    @server.command(RUN_CASES)
    async def run_cases(ls: Server, uri: str) -> str:
        path = ls.taken(uri)
        try:
            proved = await asyncio.to_thread(project.proof, path)
        except DetectionsError as error:
            return _told(ls, str(error), types.MessageType.Error)
        if proved is None:
            return _told(ls, "not run: the rule has mistakes", types.MessageType.Warning)
        ls.proofs[path] = proved
        proof, findings = proved
        ls.publish(path, [*project.findings(path), *findings])
        for other in {finding.location.path for finding in findings} - {path}:
            ls.publish(other, findings)
        bad = any(finding.level is Level.ERROR for finding in findings)
        return _told(ls, _verdict(proof), types.MessageType.Warning if bad else types.MessageType.Info)


def _told(ls: Server, message: str, kind: types.MessageType) -> str:
    ls.window_show_message(types.ShowMessageParams(kind, message))
    return message


def _verdict(proof: Proof) -> str:
    """``12 of 12 cases as expected, 9 of 9 clauses covered``."""
    if proof.not_run:
        return f"not run: {proof.not_run}"
    passed, covered = sum(verdict.passed for verdict in proof.verdicts), sum(clause.covered for clause in proof.clauses)
    return f"{passed} of {len(proof.verdicts)} cases as expected, {covered} of {len(proof.clauses)} clauses covered"


def _item(item: Item, number: int, place: types.Range) -> types.CompletionItem:
    return types.CompletionItem(
        label=item.text, kind=_KINDS[item.kind], detail=item.detail or None, documentation=item.about or None,
        sort_text=f"{number:04}", filter_text=f"{item.text} {item.detail}", text_edit=types.TextEdit(place, item.text),
    )  # fmt: skip


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
