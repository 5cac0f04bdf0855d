"""What the pickle checks share: which names of a file are not vouched for, and how to show them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.formats.pickle.facts import PickleFacts
from violet.formats.pickle.values import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context, Node
    from violet.formats.pickle.facts import Oddity, Stream
    from violet.formats.pickle.values import Global


def remarkable(node: Node) -> bool:
    """Whether a pickle holds anything that one of its checks could say something about: worked out once for all
    of them, as most pickles hold nothing but what their library needs."""
    facts = node.parsed.facts
    if not isinstance(facts, PickleFacts):
        return False
    if facts.remarkable is None:
        facts.remarkable = bool(node.parsed.defects) or any(
            stream.broken
            or stream.oddities
            or stream.code
            or stream.computed_calls
            or any(not vouched(name) for name in stream.globals)
            for stream in facts.streams
        )
    return facts.remarkable


def untrusted(context: Context) -> Iterator[tuple[Stream, Global]]:
    """Every name that no allow-list covers in the way it is used; each once in a file."""
    facts = context.facts(PickleFacts)
    if facts is None:
        return iter(())
    if facts.untrusted is None:
        found: dict[str, tuple[Stream, Global]] = {}
        for stream in facts.streams:
            for name in stream.globals:
                if not name.computed and not vouched(name):
                    found.setdefault(name.dotted, (stream, name))
        facts.untrusted = list(found.values())
    return iter(facts.untrusted)


def vouched(found: Global) -> bool:
    """Whether a library's own pickles hold this name and use it so."""
    if found.refused:
        return False
    if found.entry is not None or found.called:
        return True  # not called, or every call was explained
    from violet.formats.pickle.effects import CODE_MAKERS

    return (found.module, found.name) in CODE_MAKERS


def evidence_of(found: Global) -> tuple[str, int]:
    """The reconstructed call, or the import where there is none; and its offset."""
    if found.calls:
        return render(found.calls[0]), found.calls[0].offset
    return f"import {found.dotted}", found.offset


def is_called(found: Global) -> bool:
    """Whether the stream calls it, or gives its instances a state that has them call something: more than
    creating an object of it without its ``__init__``."""
    return any(made.how != "new" for made in found.calls)


def in_standard_library(found: Global) -> bool:
    return found.module.partition(".")[0] in sys.stdlib_module_names


def oddities(context: Context, kind: str) -> Iterator[Oddity]:
    """The oddities of this kind in all streams, each key once."""
    facts = context.facts(PickleFacts)
    seen: set[str] = set()
    for stream in facts.streams if facts else []:
        for oddity in stream.oddities:
            if oddity.kind == kind and oddity.key not in seen:
                seen.add(oddity.key)
                yield oddity
