"""Pickles that reach a function known to do harm.

## What it looks for
Imports, by any opcode and any route (text and binary opcodes, memo entries, extension codes, Python 2
names, attribute chains), of functions that run commands or code, import by name, load further pickles,
touch files, open connections or reach any attribute of any object, unless a library's own pickles truly
need that name in that way.

## Why it matters
Unpickling calls what the stream tells it to call. The call happens while the file loads, before any model
exists, with the rights of whoever loads it.

## Example
`pickle.dumps(X())` where `X.__reduce__` returns `(os.system, ("id",))`. The finding shows `os.system('id')`.

## Fix
Do not load the file. Ask its maker for weights in safetensors, ONNX or skops, and rebuild the model from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import danger
from violet.checks.artifact._pickle_judgement import evidence_of, remarkable, untrusted
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-dangerous-call",
    title="Pickle reaches a dangerous function",
    severity=Severity.CRITICAL,
    fix="Do not load this file: ask for the weights in safetensors, ONNX or skops.",
    techniques=("AML.T0011.000", "AML.T0018.002", "AML.T0010.003"),
    cwe=(502,),
    references=("https://docs.python.org/3/library/pickle.html",),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for stream, found in untrusted(context):
        reason = danger(found.module, found.name)
        if not reason:
            continue
        evidence, offset = evidence_of(found)
        broken = f" The stream breaks afterwards, at byte {stream.end:,}, too late." if stream.broken else ""
        how = "calls" if found.calls else "imports"
        renamed = f" (written as {found.raw})" if found.raw else ""
        key = found.dotted
        if found.calls:
            from violet.formats.pickle.call_digest import call_digest

            key = f"{key} {call_digest(found)}"  # who accepts one command has not accepted another
        yield context.finding(
            f"Loading this pickle {how} {found.dotted}{renamed}, which {reason}.{broken}",
            evidence=evidence,
            key=key,
            offset=offset,
        )
