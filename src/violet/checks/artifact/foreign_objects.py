"""Serialised objects and compiled programs of formats that run code when they are loaded.

## What it looks for
Files and parts of files that Violet recognises by their magic number, does not read, and knows to be able to
run code when loaded the usual way: objects serialised by Java, .NET, PHP, Ruby or R, Torch 7 objects, Lua
bytecode, compiled engines of accelerators.

## Why it matters
These formats share pickle's fault: rebuilding the objects calls what the data names. A model file
rarely has a reason to be one, and nothing here can say that it is harmless.

## Example
`model.ser`, which begins with the magic number of Java's `ObjectOutputStream`.

## Fix
Load it only where you know who made it, in an environment that holds nothing of value. Ask for a format that
holds data alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/foreign-objects",
    title="Format that runs code when loaded, and is not examined",
    severity=Severity.MEDIUM,
    fix="Load it only where you know who made it, or ask for a format that holds data alone.",
    techniques=("AML.T0011.000",),
    cwe=(502,),
)


@check(
    RULE,
    formats=(
        "java-serialized", "dotnet-serialized", "php-serialized", "ruby-marshal", "r-data", "torch7",
        "lua-bytecode", "llvm-bitcode", "tensorrt", "openvino-blob", "windows-shortcut", "chm",
    ),
)  # fmt: skip
def judge(context: Context) -> Iterator[Outcome]:
    found = context.node.format
    if found is not None:
        yield context.finding(
            f"This is {found.title}: loading it can run code, and Violet does not look inside.",
            evidence=found.title,
            key=found.id,
            confidence=Confidence.MEDIUM,
        )
