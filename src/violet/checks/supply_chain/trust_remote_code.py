"""Source that trusts the code of a model or data repository.

## What it looks for

`trust_remote_code=True` in any call (`from_pretrained`, `pipeline`, `load_dataset`, serving engines), also out of a
literal dictionary (`**{"trust_remote_code": True}`). Where the call pins `revision` or `code_revision` to a commit
the finding is low.

## Why it matters

The Python files of the repository are fetched and imported, with the rights of whoever runs this. Whoever can push
to that repository, or takes over its account, runs code here.

## Example

    AutoModel.from_pretrained("org/model", trust_remote_code=True)

## Fix

Use a model that the library knows without code; or read the code, and pin `revision` to the commit that was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/trust-remote-code",
    title="Source trusts the code of a repository",
    severity=Severity.MEDIUM,
    fix="Use a model that needs no code of its own, or pin revision to the commit whose code was read.",
    stage=Stage.TRAINING,
    techniques=("AML.T0010.003", "AML.T0011.000"),
    cwe=(829, 494),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "remote-code"):
        call = one.call
        of = f" of {call.subject}" if call.subject else ""
        if call.detail == "pinned":
            yield told(context, one, f"The code{of} at a fixed commit is fetched and run.", Severity.LOW)
        else:
            yield told(context, one, f"The code{of} is fetched and run, as it is on that day.", Severity.MEDIUM)
