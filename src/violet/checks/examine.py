"""Examine one file: identify it, read it, ask the checks, and go on with everything inside it."""

from __future__ import annotations

import posixpath
from collections import deque
from typing import TYPE_CHECKING

from violet.checks.base import Context, Node, checks_for
from violet.domain import Asset, Confidence, Digest, Failed, Finding, Location, Measurement, Outcome, Severity, Skipped
from violet.formats.base import Child, Parsed, Reading, Relation
from violet.formats.registry import by_id, identify
from violet.formats.source import BoundExceededError, Bounds, BytesSource, FileSource, Meter, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.base import Format

DIGEST_PIECE = 1 << 20
SMALL = 1 << 16
"""Bytes up to which a file is read at once."""
STOPPED_RULE = "artifact/examination-stopped"
"""The rule of what the examination itself reports; its text is in the check of that name."""


class Examination:
    """What came of one file: an asset for it and for each part, and the outcomes, in file order."""

    __slots__ = ("assets", "outcomes")

    def __init__(self, assets: list[Asset] | None = None, outcomes: list[Outcome] | None = None) -> None:
        self.assets = [] if assets is None else assets
        self.outcomes = [] if outcomes is None else outcomes


class _Pending:
    __slots__ = (
        "depth",
        "forced",
        "logical_path",
        "name",
        "parent",
        "path",
        "relation",
        "sibling",
        "siblings",
        "source",
    )

    def __init__(
        self,
        source: Source,
        name: str,
        path: str,
        logical_path: str,
        depth: int,
        relation: Relation | None,
        parent: Node | None,
        forced: str,
        sibling: Callable[[str], Source | None],
        siblings: Callable[[], list[str]],
    ) -> None:
        self.source = source
        self.name = name
        self.path = path
        self.logical_path = logical_path
        self.depth = depth
        self.relation = relation
        self.parent = parent
        self.forced = forced
        self.sibling = sibling
        self.siblings = siblings


def examine_file(
    path: str,
    *,
    shown: str = "",
    logical_path: str = "",
    root: str = "",
    deep: bool = False,
    bounds: Bounds | None = None,
) -> Examination:
    """Examine the file at ``path`` and everything inside it.

    ``shown`` is the path that outcomes carry (default: ``path``), ``logical_path`` the one that goes
    into fingerprints (default: the base name), ``root`` the directory that references may not leave
    (default: the file's own). ``deep`` reads all content, tensors too. Never raises for what the file
    holds: a file that cannot be read is a ``Failed``, one that breaks a parser is a finding.
    """
    from violet.checks.siblings import directory_siblings

    name = path.replace("\\", "/").rpartition("/")[2]
    shown = shown or path
    result = Examination()
    try:
        source = FileSource.open(path)
    except OSError as error:
        result.outcomes.append(Failed(Location(shown), f"cannot be opened: {error.strerror or error}"))
        return result
    with source:
        sibling, siblings = directory_siblings(path, root)
        whole: Source = source
        if source.size <= SMALL:
            try:
                whole = BytesSource(source.read(0, source.size))
            except OSError as error:
                result.outcomes.append(Failed(Location(shown), f"cannot be read: {error.strerror or error}"))
                return result
        start = _Pending(whole, name, shown, logical_path or name, 0, None, None, "", sibling, siblings)
        meter = Meter(bounds or Bounds(), deep=deep)
        _examine(start, meter, deep, result)
        if meter.unsearched:
            result.outcomes.append(Measurement(Location(shown), "scan.unsearched", meter.unsearched, "bytes"))
    return result


def _examine(start: _Pending, meter: Meter, deep: bool, result: Examination) -> None:
    pending = deque([start])
    while pending:
        item = pending.popleft()
        try:
            children = _examine_one(item, meter, deep, result)
        except BoundExceededError as error:
            _exhausted(item, error, result)
            if error.bound != "depth":
                break
            continue
        pending.extendleft(reversed(children))


def _exhausted(item: _Pending, error: BoundExceededError, result: Examination) -> None:
    result.outcomes.append(
        Finding(
            rule=STOPPED_RULE,
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            message=f"Examining this file would take more than it may use: it {error.message}.",
            location=Location(item.path),
            fix="Do not load it. Raise the bound in violet.toml only for a file whose maker you trust.",
            key=error.bound,
            logical_path=item.logical_path,
        )
    )
    result.outcomes.append(Skipped(Location(item.path), f"bound reached: {error.bound}", "rest of the file"))


def _digest(source: Source) -> Digest:
    """SHA-256 of all of it, read piece by piece."""
    import hashlib

    total = hashlib.sha256()
    for offset in range(0, source.size, DIGEST_PIECE):
        total.update(source.read(offset, DIGEST_PIECE))
    return Digest("sha256", total.hexdigest())


def _stopped(path: str, logical_path: str, message: str, key: str) -> Finding:
    return Finding(
        rule=STOPPED_RULE,
        severity=Severity.HIGH,
        confidence=Confidence.LOW,
        message=message,
        location=Location(path),
        fix="Treat the file as hostile until it is understood, and report it to the Violet project.",
        key=key,
        logical_path=logical_path,
    )


def _examine_one(item: _Pending, meter: Meter, deep: bool, result: Examination) -> list[_Pending]:
    if item.depth > meter.bounds.depth:
        raise BoundExceededError("depth", f"holds containers nested more than {meter.bounds.depth} deep")
    if item.forced:
        recognised: tuple[Format, ...] = (by_id()[item.forced],)
    else:
        recognised = identify(item.source, item.name) or _claimed(item)
    main = recognised[0] if recognised else None
    digest = _digest(item.source) if deep else None
    result.assets.append(Asset(item.path, main.id if main else "unknown", item.source.size, digest))
    children: list[_Pending] = []
    for entry in recognised or (None,):
        node = _read(item, entry, recognised, meter, deep, result)
        _judge(node, entry is main, result)
        _note_unexamined(node, entry is main, result)
        if entry is None or entry.inert or entry.id == "text":
            node.parsed.children.extend(_carved(item.source, meter))
        members = {child.name: child for child in node.parsed.children if child.relation is Relation.MEMBER}
        children.extend(_descend(node, child, item, meter, members) for child in node.parsed.children)
    return children


def _claimed(item: _Pending) -> tuple[Format, ...]:
    """What content that is of no format is for another file beside it."""
    if item.relation not in (None, Relation.MEMBER) or not item.source.size:
        return ()
    from violet.formats.onnx.weights import is_tensor_data

    directory = item.path.rpartition("/")[0]
    ours = is_tensor_data(directory, item.name, item.sibling, item.siblings)
    return (by_id()["onnx-weights"],) if ours else ()


def _carved(source: Source, meter: Meter) -> list[Child]:
    """Pickles that begin somewhere within content that is nothing else, or nothing that runs."""
    from violet.formats.pickle.trial import carve

    return [
        Child("pickle", source.window(at, source.size - at), Relation.HIDDEN, "pickle", at)
        for at in carve(source, meter)
    ]


def _read(
    item: _Pending,
    entry: Format | None,
    recognised: tuple[Format, ...],
    meter: Meter,
    deep: bool,
    result: Examination,
) -> Node:
    parsed = Parsed()
    reading = Reading(item.name, meter.bounds, meter, deep, item.sibling, item.siblings)
    if entry is not None and entry.read is not None:
        try:
            parsed = entry.read(item.source, reading)
        except BoundExceededError as error:
            if error.bound in ("members", "expanded", "operations"):
                raise
            _exhausted(item, error, result)
        except (MemoryError, RecursionError) as error:
            _exhausted(item, BoundExceededError("memory", f"exhausts the reader ({type(error).__name__})"), result)
        except OSError as error:
            result.outcomes.append(Failed(Location(item.path), f"cannot be read: {error.strerror or error}"))
        except Exception as error:  # whatever hostile bytes did to a reader is evidence, not our end
            message = f"The {entry.title} reader broke on this content: {type(error).__name__}: {error}"
            key = f"{entry.id}:{type(error).__name__}"
            result.outcomes.append(_stopped(item.path, item.logical_path, message, key))
            result.outcomes.append(Skipped(Location(item.path), f"{entry.title} reader broke", entry.id))
    return Node(
        path=item.path,
        logical_path=item.logical_path,
        name=item.name,
        source=item.source,
        format=entry,
        formats=recognised,
        parsed=parsed,
        depth=item.depth,
        relation=item.relation,
        parent=item.parent,
        deep=deep,
    )


def _judge(node: Node, is_main: bool, result: Examination) -> None:
    for entry in checks_for(node.format.id if node.format else ""):
        if not is_main and "*" in entry.formats:
            continue
        try:
            if entry.when is not None and not entry.when(node):
                continue
            result.outcomes.extend(entry.judge(Context(entry.rule, node)))
        except BoundExceededError:
            raise
        except Exception as error:  # one check that breaks must not silence the others
            where = Location(node.path)
            reason = f"the check {entry.rule.id} broke on it ({type(error).__name__}: {error})"
            result.outcomes.append(_stopped(node.path, node.logical_path, f"Here {reason}.", entry.rule.id))
            result.outcomes.append(Skipped(where, reason, entry.rule.id))


def _note_unexamined(node: Node, is_main: bool, result: Examination) -> None:
    where = Location(node.path)
    if node.format is None:
        if node.source.size:
            result.outcomes.append(Skipped(where, "not of a format that Violet knows", "unknown"))
    elif node.format.read is None and not node.format.inert:
        if is_main:
            result.outcomes.append(Skipped(where, f"no reader for {node.format.title} yet", node.format.id))
    for part in node.parsed.unexamined:
        result.outcomes.append(Skipped(where, part, node.format.id if node.format else "unknown"))


def _descend(node: Node, child: Child, item: _Pending, meter: Meter, members: dict[str, Child]) -> _Pending:
    """``members``: those of the same container, by name, for references between them."""
    meter.member()
    name = child.name or "data"
    if child.relation in (Relation.NESTED, Relation.HIDDEN) and child.offset is not None:
        name = f"{name}@{child.offset}"

    def sibling(relative: str) -> Source | None:
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(child.name), relative))
        found = members.get(wanted)
        return found.source if found else None

    base = posixpath.dirname(child.name)

    def siblings() -> list[str]:
        if not base:
            return list(members)
        return [n[len(base) + 1 :] for n in members if n.startswith(base + "/")]

    return _Pending(
        source=child.source,
        name=child.name.replace("\\", "/").rpartition("/")[2],
        path=f"{item.path}!{name}",
        logical_path=f"{item.logical_path}!{child.name or 'data'}",
        depth=item.depth + 1,
        relation=child.relation,
        parent=node,
        forced=child.format,
        sibling=sibling,
        siblings=siblings,
    )
