"""Operations of a TensorFlow graph that reach outside it.

## What it looks for

Nodes, in the graph and in every function of its library, that write, read or list files, call Python functions, talk
to the network, run another graph kept as data, or end the process. The path that each works on is traced
back: to constants in the graph, to the model's own assets, or to whoever runs the graph. Saving and restoring
checkpoints under a name that the caller gives is what every SavedModel can do, and says nothing.

## Why it matters

A graph is a program. ``WriteFile`` with a constant path plants ``~/.ssh/authorized_keys`` when the model is loaded
or asked for a prediction; ``ReadFile`` returns secrets as a tensor; ``PrintV2`` and ``SaveV2`` write files as
well; a graph inside ``DatasetFromGraph`` is not seen by those who only list the outer one.

## Example

    tf.io.write_file("/home/user/.bashrc", "curl ... | sh")
    tf.print(data, output_stream="file:///tmp/out")

## Fix

Do not load or serve the model. Export it again from source that you trust, without file operations in its
signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.keras.trust import outside
from violet.formats.tensorflow.facts import RiskyNode, TensorFlowFacts
from violet.formats.tensorflow.risks import QUIET_ATTRIBUTES, Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/tensorflow-ops",
    title="TensorFlow graph reaches outside itself",
    severity=Severity.HIGH,
    fix="Do not load or serve it; export it again from source, without such operations in its functions.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(73, 829),
    references=("https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md",),
)

MOST = 100
_SAVERS = ("save", "traced_save", "traced_restore", "checkpoint_initializer")


def _of_saver(node: RiskyNode) -> bool:
    """Whether the node stands where TensorFlow's own savers put theirs."""
    scope = f"{node.graph}/{node.name}".lower()
    return any(part.startswith("save") or "traced_save" in part or "traced_rest" in part for part in scope.split("/"))


def _loud(paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if path not in QUIET_ATTRIBUTES and not path.startswith("bytes://")]


def severity_of(node: RiskyNode) -> Severity | None:
    """How bad a node is, by what it does and where its path comes from; ``None`` where it is ordinary."""
    reach = node.risk.reach
    if reach in (Reach.PYTHON, Reach.NETWORK, Reach.END):
        return Severity.HIGH
    if reach in (Reach.NATIVE, Reach.NESTED):
        return Severity.MEDIUM
    if node.asset and not node.paths:
        return None
    paths = _loud(node.paths)
    if node.risk.attribute:
        return Severity.HIGH if paths else None
    if node.paths and not paths:
        return None
    leaves = any(outside(path) for path in paths)
    if reach is Reach.WRITE:
        if node.op == "WriteFile":
            return Severity.CRITICAL if leaves else Severity.HIGH
        return Severity.HIGH if leaves or not (paths or node.given) else Severity.MEDIUM
    if reach in (Reach.READ, Reach.LIST):
        if leaves or not (paths or node.given):
            return Severity.HIGH
        return Severity.MEDIUM if paths or "Dataset" not in node.op else Severity.LOW
    if reach is Reach.SAVE:
        if leaves or not (paths or node.given):
            return Severity.HIGH
        return None if node.given or _of_saver(node) else Severity.MEDIUM
    if reach is Reach.RESTORE:
        return Severity.LOW if leaves else None
    return Severity.MEDIUM if leaves else None


def _shown(node: RiskyNode) -> list[str]:
    return [] if node.risk.reach is Reach.NESTED else _loud(node.paths)


def _about(node: RiskyNode) -> str:
    paths = _shown(node)
    if paths:
        return f": {paths[0][:120]}"
    if node.risk.input < 0 or node.risk.reach is Reach.NESTED:
        return ""
    return ", at a path that the caller gives" if node.given else ", at a path that it computes"


@check(
    RULE,
    formats=("tensorflow-savedmodel", "tensorflow-graph", "tensorflow-metagraph", "tensorflow-text"),
)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(TensorFlowFacts)
    seen: set[str] = set()
    for node in facts.risky if facts else ():
        severity = severity_of(node)
        key = f"{node.op}:{'|'.join(_shown(node)[:3])[:160]}"
        if severity is None or key in seen or len(seen) >= MOST:
            continue
        seen.add(key)
        arguments = ", ".join(repr(path[:160]) for path in _shown(node)[:3])
        yield context.finding(
            f"The graph {node.risk.reach}{_about(node)}.",
            evidence=f"{node.op}({arguments}) in {node.where}",
            key=key,
            severity=severity,
            confidence=Confidence.HIGH if node.paths or node.risk.input < 0 else Confidence.MEDIUM,
        )
