"""Keras configurations in YAML, read as text: tags that name Python objects, and Lambda layers.

Keras before 2.6 loaded such files with a loader that honours the tags (CVE-2021-37678).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Parsed
from violet.formats.keras.code import decode
from violet.formats.keras.facts import KerasFacts, KerasObject, LambdaCode

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

_TAG = re.compile(
    r"(?:!!python/|tag:yaml\.org,2002:python/)[^\s,\]}]*[^\n]{0,120}|^%TAG\s[^\n]{0,60}yaml\.org,2002:[^\n]{0,60}"
)
_HARMLESS = re.compile(r"(?:!!python/|2002:python/)(?:tuple|unicode|str|int|long|float|bool|none|complex|list|dict)\b")
_CLASS = re.compile(r"class_name\s*:\s*['\"]?([\w>./-]+)")
_MODULE = re.compile(r"\bmodule\s*:\s*['\"]?([\w.]+)")
_CODE = re.compile(r"(?:4wAAA|YwAAA|Y[wQ-x]AA|4w[A-Z]A)[A-Za-z0-9+/=\\\s]{40,}")
MOST_FOUND = 1000


def read(source: Source, reading: Reading) -> Parsed:
    """Scan the text; at most ``Bounds.text`` bytes of it."""
    facts = KerasFacts()
    parsed = Parsed(facts=facts)
    most = reading.bounds.text
    if source.size > most:
        parsed.unexamined.append(f"text after its first {most:,} bytes")
    text = source.read(0, most).decode("utf-8", "backslashreplace")
    for number, line in enumerate(text.split("\n"), 1):
        if len(facts.yaml_tags) + len(facts.objects) > MOST_FOUND:
            parsed.unexamined.append(f"objects after the first {MOST_FOUND:,}")
            break
        for tag in _TAG.finditer(line):
            if not _HARMLESS.match(tag.group()):
                facts.yaml_tags.append((number, tag.group()[:200]))
        if found := _CLASS.search(line):
            module = _MODULE.search(line)
            named = module.group(1) if module else None
            facts.objects.append(KerasObject(f"line {number}", found.group(1), named))
    for found in _CODE.finditer(text):
        compact = found.group().replace("\\n", "").replace("\\", "")
        at = text.count("\n", 0, found.start()) + 1
        code = decode(compact)
        if code is not None:
            facts.lambdas.append(LambdaCode(f"line {at}", "Lambda", code, compact[:80]))
    return parsed
