"""MLflow models that bring their own code.

## What it looks for

In `MLmodel`: a `loader_module` that is not one of MLflow's, directories of `code` put on the import path, a
model that is defined by a script (`model_code_path`), paths that leave the model's directory, and syntax that
MLflow itself never writes. The code that is here is followed, and the finding is as bad as what it does.

## Why it matters

`mlflow.pyfunc.load_model` imports the loader module with the model's `code` directory first on the path:
loading is running.

## Example

    flavors:
      python_function:
        loader_module: helper
        code: code

## Fix

Read the code, or have the model saved again in a flavor that needs none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.mlflow.reader import MlflowFacts

RULE = Rule(
    id="supply_chain/mlflow-code",
    title="MLflow model brings code that runs when it is loaded",
    severity=Severity.MEDIUM,
    fix="Read the code, or have the model saved again in a flavor that needs none.",
    techniques=("AML.T0010.003", "AML.T0011.000"),
    cwe=(829, 94),
)


@check(RULE, formats=("mlflow",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.mlflow.reader import MlflowFacts

    facts = context.facts(MlflowFacts)
    if facts is None:
        return
    yield from _loaders(context, facts)
    if facts.code_model:
        severity, worst = _worst(facts, [facts.code_model])
        yield context.finding(
            f"The model is defined by a script, {facts.code_model}, that runs when it is loaded{worst}.",
            evidence=f"model_code_path: {facts.code_model}",
            key="model_code_path",
            severity=severity,
        )
    for place, path in facts.outside:
        yield context.finding(
            "A path of the model leads outside its directory.",
            evidence=f"{place}: {path}",
            key=f"outside:{place}",
            severity=Severity.HIGH,
        )
    for line, what in facts.strange[:5]:
        yield context.finding(
            f"The file has syntax that MLflow does not write ({what}), so what it says is not certain.",
            evidence=what,
            key=f"strange:{what}",
            line=line,
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
        )


def _loaders(context: Context, facts: MlflowFacts) -> Iterable[Outcome]:
    own = [name for name in facts.sources if name != facts.code_model]
    foreign = [(flavor, module) for flavor, module in facts.loaders if not _is_mlflow(module)]
    severity, worst = _worst(facts, own)
    for flavor, module in foreign:
        if module.partition(".")[0] in sys.stdlib_module_names:
            severity, worst = Severity.HIGH, " but of Python itself: no model is loaded by that"
        yield context.finding(
            f"The model is loaded by the module {module}, which is not part of MLflow{worst}.",
            evidence=f"{flavor}.loader_module: {module}",
            key=f"loader:{module}",
            severity=severity,
        )
    if foreign or not facts.code:
        return
    yield context.finding(
        f"The model puts its own code on the import path before it is loaded{worst}.",
        evidence=f"code: {', '.join(facts.code)}",
        key="code",
        severity=severity if worst else Severity.LOW,
    )


def _is_mlflow(module: str) -> bool:
    return module == "mlflow" or module.startswith("mlflow.")


def _worst(facts: MlflowFacts, names: list[str]) -> tuple[Severity, str]:
    """How bad the code of these files is, and what it does in words."""
    from violet.checks.artifact._python_acts import severity_of
    from violet.formats.python_source.acts import KINDS
    from violet.formats.python_source.reader import analyse

    worst, told = Severity.MEDIUM, ""
    for name in names:
        for act in analyse(facts.sources.get(name, "")).acts:
            severity = severity_of(act, model_code=True)
            if severity >= Severity.HIGH and severity > worst:
                worst, told = severity, f"; {name} {KINDS[act.kind]} (line {act.line}: {act.call[:120]})"
    return worst, told
