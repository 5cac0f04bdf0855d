"""Models, files and data sets fetched from a hub without a commit.

## What it looks for

`from_pretrained`, `hf_hub_download`, `snapshot_download`, `load_dataset`, `pipeline` and their kin with the literal
name of a repository and no `revision`, or a branch or tag as one; `torch.hub.load` without a commit. Local paths,
variables and `local_files_only=True` are not reported.

## Why it matters

What the name stands for can change from one day to the next: by its owner, by whoever takes over the account, or by
whoever registers a name that was given up. `torch.hub.load` runs the repository's code, so there it is medium.

## Example

    model = AutoModel.from_pretrained("org/model")

## Fix

Pass `revision="<commit>"`, with the full digest of the commit that was examined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unpinned-hub-revision",
    title="Hub repository is fetched without a commit",
    severity=Severity.LOW,
    fix='Pass revision="<commit>", with the full digest of the commit that was examined.',
    stage=Stage.TRAINING,
    techniques=("AML.T0010.003", "AML.T0109"),
    cwe=(494, 829),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "hub-revision"):
        call = one.call
        if call.detail == "torch-hub":
            message = f"The code of {call.subject} is fetched and run, as it is on that day."
            fix = f'Name the commit that was read: torch.hub.load("{call.subject}:<commit>", ...).'
            yield told(context, one, message, Severity.MEDIUM, fix)
        elif call.detail == "moving":
            message = f"{call.subject} is fetched at {call.revision[:60]!r}, a branch or tag, which can be moved."
            yield told(context, one, message, Severity.LOW)
        else:
            yield told(context, one, f"{call.subject} is fetched as it is on that day.", Severity.LOW)
