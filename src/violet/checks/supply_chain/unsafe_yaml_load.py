"""YAML loaded so that it can name any object.

## What it looks for

`yaml.load` with `Loader`, `UnsafeLoader` or their C twins, `yaml.unsafe_load`, ruamel's `YAML(typ="unsafe")`: medium.
`full_load` and `FullLoader`, which were bypassed more than once, and `yaml.load` without a loader, which is unsafe
before PyYAML 5.1 and an error from 6 on: low (medium where the project asks for an older PyYAML).

## Why it matters

`!!python/object/apply:os.system [id]` in the text is a call. Configurations travel with models and data sets, and
nobody expects code in them.

## Example

    config = yaml.load(open("config.yaml"), Loader=yaml.Loader)

## Fix

Use `yaml.safe_load`; `violet fix` rewrites the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unsafe-yaml-load",
    title="YAML is loaded so that it can name any object",
    severity=Severity.MEDIUM,
    fix="Use yaml.safe_load.",
    stage=Stage.TRAINING,
    techniques=("AML.T0011.000", "AML.T0010.001"),
    cwe=(502,),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2020-14343",),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "yaml-load"):
        call = one.call
        if call.detail == "unsafe":
            yield told(context, one, f"{call.name} builds any object that the text names.", Severity.MEDIUM)
        elif call.detail == "full":
            message = f"{call.name} with the full loader builds more than plain data, and was bypassed before."
            yield told(context, one, message, Severity.LOW)
        else:
            pin = one.pin("pyyaml")
            if pin is not None and pin.before(5, 1):
                message = f"{call.name} without a loader builds any object in the PyYAML that {pin.origin} asks for."
                yield told(context, one, message, Severity.MEDIUM)
            elif pin is None or not pin.at_least(6):
                message = f"{call.name} without a loader is unsafe or an error, depending on the version of PyYAML."
                yield told(context, one, message, Severity.LOW)
