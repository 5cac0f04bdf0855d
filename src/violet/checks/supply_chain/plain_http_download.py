"""Downloads over connections without protection.

## What it looks for

Literal `http://` and `ftp://` addresses in calls that download (`urlretrieve`, `requests.get` of a file,
`wget.download`, `gdown`, `torch.hub`, Keras' `get_file`, `pandas.read_csv`), without a digest to compare. Addresses
on this machine and in private networks are not reported.

## Why it matters

Anyone on the way can replace the data or the model, and training on replaced data leaves no trace.

## Example

    urllib.request.urlretrieve("http://data.example.org/train.csv", "train.csv")

## Fix

Use `https://`, and compare a digest of what came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/plain-http-download",
    title="Download over an unprotected connection",
    severity=Severity.MEDIUM,
    fix="Use https://, and compare a digest of what came.",
    stage=Stage.DATA,
    techniques=("AML.T0010.002", "AML.T0010.003"),
    cwe=(319, 494),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "http-download"):
        host = one.call.subject.partition("://")[2].partition("/")[0].rpartition("@")[2]
        message = f"{one.call.name} fetches from {host} over a connection that anyone on the way can change."
        yield told(context, one, message, Severity.MEDIUM)
