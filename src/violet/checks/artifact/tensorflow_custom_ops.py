"""Operations that TensorFlow does not have itself.

## What it looks for

Operations in a graph and its functions that no release of TensorFlow registers. Those of widely used
libraries (TensorFlow Text, Decision Forests, TF-TRT and so on) are named and low; others are medium.

## Why it matters

Such a graph only runs after ``tf.load_op_library`` has loaded a native library, which can do anything. Who asks for
the model to be loaded will also ask for that library.

## Example

    node { name: "boost" op: "MyCompany>FastBoost" }

## Fix

Load the library only from a source that you trust, and pin its digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.tensorflow.facts import TensorFlowFacts
from violet.formats.tensorflow.risks import library_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/tensorflow-custom-ops",
    title="TensorFlow graph needs a native library",
    severity=Severity.MEDIUM,
    fix="Load the library that provides these operations only from a source that you trust.",
    techniques=("AML.T0010.003",),
    cwe=(829,),
)

MOST = 50


@check(
    RULE,
    formats=("tensorflow-savedmodel", "tensorflow-graph", "tensorflow-metagraph", "tensorflow-text"),
)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(TensorFlowFacts)
    for op, where in sorted(facts.unknown.items())[:MOST] if facts else ():
        library = library_of(op)
        by = f" ({library} brings it)" if library else ""
        yield context.finding(
            f"The graph uses the operation {op or '(unnamed)'}, which TensorFlow does not have{by}.",
            evidence=f"{op} in {where}",
            key=op,
            severity=Severity.LOW if library else Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
        )
