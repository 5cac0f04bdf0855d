"""Source that loads pickles, in any of the forms they come in.

## What it looks for

Calls of `pickle`, `dill`, `cloudpickle`, `joblib`, `marshal`, `shelve`, `jsonpickle`, `pandas.read_pickle` and
`numpy.load(allow_pickle=True)`, under whatever name they were imported, also where they are handed to another
function (`map(pickle.load, files)`). Subclasses of `pickle.Unpickler` with a `find_class` of their own are not
reported. In test suites and installed packages the findings are low.

## Why it matters

Loading a pickle runs what its author put into it. That is fine for a file that the same program wrote a moment ago,
and an open door for one that came from a download, a bucket or a colleague.

## Example

    model = joblib.load("model.joblib")

## Fix

Keep arrays as `.npy` or safetensors, models as ONNX or skops; verify a signature or digest before loading the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._loading import FORMATS, calls, told
from violet.domain import Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unsafe-pickle-load",
    title="Source loads a pickle",
    severity=Severity.MEDIUM,
    fix="Keep arrays as .npy or safetensors and models as ONNX or skops, or verify a signature before loading.",
    stage=Stage.TRAINING,
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(502,),
    references=("https://docs.python.org/3/library/pickle.html",),
)


@check(RULE, formats=FORMATS)
def judge(context: Context) -> Iterable[Outcome]:
    for one in calls(context, "pickle-load"):
        call = one.call
        if call.detail == "numpy":
            message = f"{call.name} unpickles what the array file holds (allow_pickle=True)."
            yield told(context, one, message, Severity.MEDIUM, "Leave allow_pickle out, and save arrays of numbers.")
        elif call.form == "passed":
            yield told(context, one, f"{call.name}, which unpickles, is handed on to be called.", Severity.MEDIUM)
        else:
            yield told(context, one, f"{call.name} runs whatever the data says.", Severity.MEDIUM)
