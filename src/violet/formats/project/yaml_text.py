"""YAML as nodes with places, out of PyYAML's events: nothing is constructed, and no tag is looked up.

Bounded in size, depth and number of nodes; an alias is the node it names, once, however often it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LONGEST = 8 << 20
"""Characters of one text that are parsed."""
LONGEST_SLOW = 1 << 20
"""The same where PyYAML comes without its C library."""
DEEPEST = 60
MOST_NODES = 400_000
MOST_DOCUMENTS = 20


class YamlError(ValueError):
    """The text is not YAML, or more than is read. Says what is wrong, and where."""


@dataclass(slots=True, eq=False)
class Yaml:
    """One node. ``kind`` is ``mapping``, ``sequence``, ``scalar`` or ``none``; ``plain`` says that a scalar stands
    on one line without quotes, so that its characters are in the text as they are."""

    kind: str
    start: int
    end: int
    line: int
    value: str = ""
    plain: bool = False
    quoted: bool = False
    block: bool = False
    tag: str = ""
    pairs: list[tuple[Yaml, Yaml]] = field(default_factory=list)
    items: list[Yaml] = field(default_factory=list)

    def get(self, *path: str) -> Yaml:
        """The node below these keys (merged ones included), an empty one where there is none."""
        here = self
        for name in path:
            here = here._one(name, 0)
        return here

    def _one(self, name: str, depth: int) -> Yaml:
        found = NOTHING
        for key, value in self.pairs:
            if key.value == name and key.kind == "scalar":
                found = value
        if found is NOTHING and depth < 4:
            for key, value in self.pairs:
                if key.value == "<<":
                    for source in [value, *value.items[:20]]:
                        found = source._one(name, depth + 1)
                        if found is not NOTHING:
                            return found
        return found

    def text(self, *path: str) -> str:
        """The scalar below these keys, ``""`` where there is none."""
        found = self.get(*path)
        return found.value if found.kind == "scalar" else ""

    def texts(self) -> list[Yaml]:
        """The scalars of a sequence; of a scalar, itself."""
        if self.kind == "scalar":
            return [self] if self.value else []
        return [item for item in self.items if item.kind == "scalar"]

    def entries(self) -> Iterator[tuple[str, Yaml]]:
        """The keys and values of a mapping, merged ones included."""
        for key, value in self.pairs:
            if key.value == "<<" and value.kind != "scalar":
                for source in [value, *value.items[:20]]:
                    for inner_key, inner in source.pairs:
                        yield inner_key.value, inner
            else:
                yield key.value, value

    @property
    def inner(self) -> int:
        """Where the characters of a one-line scalar start."""
        return self.start + (1 if self.quoted else 0)


NOTHING = Yaml("none", 0, 0, 0)


def parse(text: str) -> list[Yaml]:
    """The documents of a text. Raises ``YamlError``."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    most = LONGEST if loader is not yaml.SafeLoader else LONGEST_SLOW
    if len(text) > most:
        raise YamlError(f"more than {most:,} characters")
    builder = _Builder()
    try:
        for event in yaml.parse(text.removeprefix("\ufeff"), Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise YamlError(f"{error.problem or 'not YAML'}{where}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, YamlError):
            raise
        raise YamlError(str(error).partition("\n")[0][:120] or "not YAML") from error
    return builder.documents


class _Builder:
    def __init__(self) -> None:
        self.documents: list[Yaml] = []
        self.anchors: dict[str, Yaml] = {}
        self.stack: list[tuple[Yaml, list[Yaml]]] = []
        self.left = MOST_NODES

    def take(self, event: Any) -> None:
        name = type(event).__name__
        if name == "ScalarEvent":
            self._add(self._scalar(event))
        elif name == "AliasEvent":
            self._add(self.anchors.get(event.anchor, NOTHING))
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            kind = "mapping" if name == "MappingStartEvent" else "sequence"
            mark = event.start_mark
            made = Yaml(kind, mark.index, mark.index, mark.line + 1, tag=event.tag or "")
            self._anchor(event, made)
            self.stack.append((made, []))
            if len(self.stack) > DEEPEST:
                raise YamlError(f"nested more than {DEEPEST} deep")
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            made, inside = self.stack.pop()
            made.end = event.end_mark.index
            if made.kind == "mapping":
                made.pairs = list(zip(inside[::2], inside[1::2], strict=False))
            else:
                made.items = inside
            self._add(made)
        elif name == "DocumentStartEvent":
            self.anchors = {}
            if len(self.documents) >= MOST_DOCUMENTS:
                raise YamlError(f"more than {MOST_DOCUMENTS} documents")

    def _anchor(self, event: Any, made: Yaml) -> None:
        if event.anchor:
            self.anchors[event.anchor] = made

    def _scalar(self, event: Any) -> Yaml:
        start, end = event.start_mark, event.end_mark
        plain = event.style in (None, "") and start.line == end.line
        made = Yaml(
            "scalar",
            start.index,
            end.index,
            start.line + 1,
            event.value,
            plain,
            quoted=event.style in ("'", '"'),
            block=event.style in ("|", ">"),
            tag=event.tag or "",
        )
        self._anchor(event, made)
        return made

    def _add(self, node: Yaml) -> None:
        self.left -= 1
        if self.left < 0:
            raise YamlError("more nodes than are read")
        if self.stack:
            self.stack[-1][1].append(node)
        else:
            self.documents.append(node)
