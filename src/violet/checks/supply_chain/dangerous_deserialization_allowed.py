"""Libraries told that pickles are fine.

## What it looks for

`allow_dangerous_deserialization=True` (LangChain's vector stores and others) and `allow_dangerous_code=True`.

## Why it matters

An index that is loaded from disk is a pickle, and runs what its author put into it; indexes are downloaded and
shared like models. The second flag lets a language model run the code that it writes.

## Example

    FAISS.load_local("index", embeddings, allow_dangerous_deserialization=True)

## Fix

Build the index from its documents, or verify a signature or digest of it before it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/dangerous-deserialization-allowed",
    title="A library is told that pickles are fine",
    severity=Severity.MEDIUM,
    fix="Build the index anew from its documents, or verify its digest before it is loaded.",
    stage=Stage.TRAINING,
    techniques=("AML.T0011.000", "AML.T0010.002"),
    cwe=(502,),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "dangerous-flag"):
        yield told(context, one, f"{one.call.name} is called with {one.call.detail}=True.", Severity.MEDIUM)
