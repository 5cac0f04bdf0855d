"""Calls that load unsafely are rewritten to ones that load the same, safely.

## What it changes
In Python sources and notebooks: ``torch.load(x)`` gets ``weights_only=True``, ``yaml.load(x)`` becomes
``yaml.safe_load(x)``, ``Loader=yaml.Loader`` becomes ``Loader=yaml.SafeLoader``, and ``extractall(x)`` of a tar archive
gets ``filter="data"``. With ``--aggressive`` also what the author asked for in so many words: ``weights_only=False``,
``yaml.UnsafeLoader``, ``yaml.FullLoader``, ``filter="fully_trusted"``.

## When it is exact
For benign input the rewritten call gives the same; ``actions/_rewrites.py`` argues it call by call. Only the call
changes: formatting, comments, encoding, byte-order mark and line ends stay, and so does every byte of a notebook
outside the cell's source. The result is parsed again, and its tree must be the original's with that one change.

## What it refuses
Everything for which no exact rewrite exists, each with its reason and with what a person can do: ``pickle.load``,
``allow_pickle=True``, hub revisions, plain http, ``trust_remote_code=True``, ``safe_mode=False``, functions that are
handed on, arguments that come out of a dictionary.

## Undo
``violet fix --undo JOURNAL`` puts the original bytes back.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.actions._call_edits import Change, EditError, verify_call, verify_module
from violet.actions._notebook_edits import Cell, cells, json_edit
from violet.actions._rewrites import RefusedError, rewrite
from violet.actions._text import (
    LARGEST,
    Decoded,
    TextError,
    byte_edits,
    decode_python,
    decode_utf8,
    replaced,
    splice,
    unified,
)
from violet.actions.base import Action, Plan, Planned, Settings, Target
from violet.actions.journal import ChangedError, read_plain
from violet.domain import Digest
from violet.domain.fix import Edit, Fix, Unfixed

if TYPE_CHECKING:
    from violet.actions.journal import Journal
    from violet.formats.python_source.loading import UnsafeCall

ID = "rewrite-loading"
SUFFIXES = (".py", ".pyw", ".ipynb")
_ALLOWED = re.compile(
    r"[ ,]{0,2}(?:weights_only=True|filter=\\?[\"']data\\?[\"']|\\?[\"']data\\?[\"']|True"
    r"|safe_load|safe_load_all|SafeLoader|CSafeLoader),?"
)
"""All that is ever written into a source, whatever the worker answers."""


def concerns(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def payload(target: Target, settings: Settings) -> Any:
    return [target.path, settings.aggressive]


def examine(payload: list[Any]) -> dict[str, Any]:
    """``[path, aggressive]`` to ``{"file": digest, "edits": [[start, end, replacement, line, cell, text, summary]],
    "unfixed": [[reason, advice, text, line, cell]], "encoding": ...}``, with places in bytes; or ``{"unexamined":
    why}``."""
    path, aggressive = payload
    data = read_plain(path, LARGEST + 1)
    if len(data) > LARGEST:
        return {"unexamined": f"it is longer than {LARGEST:,} bytes"}
    notebook = path.lower().endswith(".ipynb")
    try:
        decoded = decode_utf8(data) if notebook else decode_python(data)
        found = _Notebook(decoded, aggressive) if notebook else _Source(decoded, aggressive)
        found.look(data)
        edits = byte_edits(decoded, [(e[0], e[1], e[2]) for e in found.edits])
    except TextError as error:
        return {"unexamined": str(error)}
    return {
        "file": hashlib.sha256(data).hexdigest(),
        "encoding": decoded.encoding,
        "edits": [[*place, *edit[3:]] for place, edit in zip(edits, found.edits, strict=True)],
        "unfixed": found.unfixed,
    }


class _Look:
    """What is found in one file. ``edits`` are start, end and replacement in characters of the file, then line,
    cell, text of the call and summary."""

    def __init__(self, decoded: Decoded, aggressive: bool) -> None:
        self.decoded = decoded
        self.aggressive = aggressive
        self.edits: list[tuple[int, int, str, int, int, str, str]] = []
        self.unfixed: list[list[Any]] = []

    def look(self, data: bytes) -> None:
        raise NotImplementedError

    def refuse(self, call: UnsafeCall, reason: str, advice: str, cell: int = 0) -> None:
        self.unfixed.append([f"{_what(call)}: {reason}", advice, call.text, call.line, cell])


def _what(call: UnsafeCall) -> str:
    from violet.formats.python_source.loading_rules import KINDS

    return f"it {KINDS.get(call.kind, 'loads unsafely')}"


class _Source(_Look):
    """A Python file."""

    def look(self, data: bytes) -> None:
        from violet.actions._call_edits import parsed
        from violet.formats.python_source.loading import unsafe_calls

        text = self.decoded.text
        try:
            parsed(text)
        except EditError as error:
            raise TextError(str(error)) from None
        changes: list[tuple[int, int, int, int, Change]] = []
        taken: set[tuple[int, int]] = set()
        for call in unsafe_calls(text):
            start, end = call.region.start, call.region.end
            try:
                made = rewrite(call, text[start:end], self.aggressive)
                place = (start + made.edit[0], start + made.edit[1])
                one = (*place, made.edit[2])
                region = call.region
                change = (region.line, region.column, region.end_line, region.end_column, made.change)
                if place in taken:
                    continue
                verify_call(text[start:end], replaced(text[start:end], [made.edit]), made.change)
            except RefusedError as error:
                self.refuse(call, error.reason, error.advice)
                continue
            except EditError as error:
                self.refuse(call, f"it cannot be rewritten exactly: {error}", "Rewrite it by hand.")
                continue
            taken.add(place)
            changes.append(change)
            self.edits.append((*one, call.line, 0, text[start:end], made.summary))
        if self.edits:
            try:
                verify_module(text, replaced(text, [(e[0], e[1], e[2]) for e in self.edits]), changes)
            except EditError as error:
                reason = f"it cannot be rewritten exactly: {error}"
                self.unfixed += [[reason, "Rewrite it by hand.", e[5], e[3], e[4]] for e in self.edits]
                self.edits.clear()


class _Notebook(_Look):
    """A notebook: its cells are one program, and each call is edited within its cell."""

    def look(self, data: bytes) -> None:
        from violet.formats.base import Reading
        from violet.formats.notebook.cells import NotebookFacts, read
        from violet.formats.source import Bounds, BytesSource, Meter

        bounds = Bounds()
        parsed = read(BytesSource(data), Reading("notebook.ipynb", bounds, Meter(bounds)))
        facts = parsed.facts
        if not isinstance(facts, NotebookFacts) or parsed.unexamined or parsed.defects:
            raise TextError(parsed.unexamined[0] if parsed.unexamined else "it is no notebook that can be read")
        if not facts.loads:
            return
        places = {cell.number: cell for cell in cells(self.decoded.text)}
        for number, call in facts.loads:
            cell = places.get(number)
            try:
                if cell is None or not cell.code:
                    raise EditError("its cell is not found again")
                self._call(cell, call)
            except RefusedError as error:
                self.refuse(call, error.reason, error.advice, number)
            except (EditError, TextError) as error:
                self.refuse(call, f"it cannot be rewritten exactly: {error}", "Rewrite it by hand.", number)
        self._verify(places)

    def _call(self, cell: Cell, call: UnsafeCall) -> None:
        from violet.formats.text.region import Lines

        lines = Lines(cell.source)
        region = call.region
        if region.end_line > len(lines.starts):
            raise EditError("the call is not found again")
        start = lines.starts[region.line - 1] + region.column
        end = lines.starts[region.end_line - 1] + region.end_column
        text = cell.source[start:end]
        if " ".join(text.split())[:150] != call.text[:150].removesuffix("..."):
            raise EditError("the call is not found again")
        made = rewrite(call, text, self.aggressive)
        verify_call(text, replaced(text, [made.edit]), made.change)
        edit = (start + made.edit[0], start + made.edit[1], made.edit[2])
        place = json_edit(cell, self.decoded.text, edit)
        self.edits.append((*place, call.line, cell.number, text, made.summary))

    def _verify(self, places: dict[int, Cell]) -> None:
        """Read again, the notebook must have the same cells but for the edited ones."""
        if not self.edits:
            return
        after = cells(replaced(self.decoded.text, [(e[0], e[1], e[2]) for e in self.edits]))
        touched = {edit[4] for edit in self.edits}
        for cell in after:
            before = places.get(cell.number)
            if before is None or (cell.number not in touched and cell.source != before.source):
                raise TextError("another cell than those with the calls would change")
        if len(after) != len(places):
            raise TextError("the rewritten notebook has other cells")


def plan(target: Target, answer: Any, settings: Settings) -> Plan:
    if "unexamined" in answer:
        return Plan(unexamined=str(answer["unexamined"]))
    unfixed = tuple(
        Unfixed(ID, target.shown, str(reason), str(advice), str(text), int(line), cell=int(cell))
        for reason, advice, text, line, cell in answer["unfixed"]
    )
    if not answer["edits"]:
        return Plan(unfixed=unfixed)
    edits: list[tuple[int, int, bytes]] = []
    shown: list[Edit] = []
    for start, end, replacement, line, cell, text, summary in answer["edits"]:
        if not _ALLOWED.fullmatch(replacement):
            raise ValueError("the worker wants to write something else")
        edits.append((int(start), int(end), replacement.encode(answer["encoding"])))
        shown.append(Edit(str(summary), int(line), str(text), replacement, int(cell)))
    before = read_plain(target.path, LARGEST)
    if hashlib.sha256(before).hexdigest() != answer["file"]:
        raise ChangedError
    after = splice(before, edits)
    fix = Fix(
        ID,
        target.shown,
        Digest("sha256", answer["file"]),
        Digest("sha256", hashlib.sha256(after).hexdigest()),
        tuple(sorted(shown, key=lambda edit: (edit.cell, edit.line))),
        unified(target.shown, before, after, answer["encoding"]),
    )
    return Plan((Planned(fix, (before, after)),), unfixed)


def apply(planned: Planned, target: Target, settings: Settings, journal: Journal) -> Fix | Unfixed:
    before, after = planned.detail
    journal.replace(target.path, before, after)
    return replace(planned.fix)


ACTION = Action(
    id=ID,
    title="Rewrite calls that load unsafely",
    group="loading",
    undo="Puts the original bytes back, which the journal keeps.",
    concerns=concerns,
    payload=payload,
    examine=examine,
    plan=plan,
    apply=apply,
)
