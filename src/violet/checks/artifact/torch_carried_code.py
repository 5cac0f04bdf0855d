"""PyTorch archives that bring their own program: torch.package, and exported programs with native libraries.

## What it looks for
Archives made by `torch.package`, which hold Python modules beside the pickled objects, and PyTorch archives
that hold native libraries or Python sources where a checkpoint has only tensors.

## Why it matters
`PackageImporter` runs the archive's own modules to rebuild its objects, and packages compiled ahead of time
load the library they carry. Such a file is a program, and is to be trusted as little or as much as one.

## Example
`model.pt` with `.data/extern_modules`, `model/model.pkl` and `my_project/layers.py`.

## Fix
Read the carried modules before loading, or ask for the weights alone (safetensors, or a state dictionary).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.torch.facts import ScriptFacts, TorchFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/torch-carried-code",
    title="PyTorch archive carries code",
    severity=Severity.MEDIUM,
    fix="Read the carried code before loading, or ask for the weights alone.",
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(829,),
)


@check(RULE, formats=("torch_package", "torch_zip", "torch_export", "torchscript"))
def judge(context: Context) -> Iterator[Outcome]:
    facts, script = context.facts(TorchFacts), context.facts(ScriptFacts)
    if facts is not None:
        python, native = facts.records.python, facts.records.native
    elif script is not None:
        python, native = script.python, script.native
    else:
        return
    kind = context.node.format
    title = kind.title if kind is not None else ""
    package = kind is not None and kind.id == "torch_package"
    if package and facts is not None:
        python = [*facts.records.code, *python]  # a package may be called "code", as folders of TorchScript are
    if native:
        yield context.finding(f"This {title} carries native libraries.", evidence=_listed(native), key="native")
    if python:
        yield context.finding(f"This {title} carries Python sources.", evidence=_listed(python), key="python")
    elif package:
        text = "This torch.package archive carries no sources: it rebuilds its objects with installed modules."
        yield context.finding(text, evidence=".data/extern_modules", key="package", severity=Severity.LOW)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(ascii(name[:100])[1:-1] for name in names[:8]) + more
