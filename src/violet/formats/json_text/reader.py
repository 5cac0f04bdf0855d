"""Reading JSON within bounds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache

from violet.formats.base import Parsed, Reading
from violet.formats.source import Source
from violet.formats.text.document import Document, read_document, unexamined_parts

PARSED_AT_MOST = 32 << 20
"""Bytes of one JSON text that are built into values; a larger one is only searched as text."""


@dataclass(slots=True)
class JsonFacts:
    """``value`` is the parsed value, ``None`` where ``problem`` says why there is none; ``duplicates``
    are keys that one object has twice (of which readers keep the first or the last)."""

    document: Document
    value: object = None
    problem: str = ""
    duplicates: list[str] = field(default_factory=list)


@cache
def _of_interest() -> re.Pattern[str]:
    names = "auto_map|chat_template|custom_pipelines|trust_remote_code|weight_map|cells|worksheets|class_name|nbformat"
    return re.compile(rf'"(?:{names})"|\\u00[4-7]')


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    facts = JsonFacts(document)
    unexamined = unexamined_parts(document)
    if document.truncated:
        if source.size > PARSED_AT_MOST:
            if any(_of_interest().search(piece) for piece in document.pieces()):
                facts.problem = "too large to be parsed"
                unexamined.append(f"values of a JSON text of {source.size:,} bytes")
            return Parsed(facts=facts, unexamined=unexamined)
        if not any(_of_interest().search(piece) for piece in document.pieces()):
            return Parsed(facts=facts, unexamined=unexamined)
    parse(facts, source)
    return Parsed(facts=facts, unexamined=unexamined)


def parse(facts: JsonFacts, source: Source, *, watch_duplicates: bool = False) -> None:
    """Fill ``facts.value`` or ``facts.problem``."""
    document = facts.document
    text = document.text
    if document.truncated:
        text = source.read(0, PARSED_AT_MOST).decode(document.encoding, "replace")
    text = text.removeprefix("\ufeff")

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(items)
        if len(made) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen and len(facts.duplicates) < 100:
                    facts.duplicates.append(key)
                seen.add(key)
        return made

    try:
        facts.value = json.loads(text, object_pairs_hook=pairs if watch_duplicates else None)
    except RecursionError:
        facts.problem = "nested too deep to be parsed"
    except ValueError as error:
        facts.problem = str(error)[:200]
