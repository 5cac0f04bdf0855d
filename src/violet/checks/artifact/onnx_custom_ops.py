"""ONNX operators that need code from elsewhere.

## What it looks for
Operators whose domain is neither standard nor ONNX Runtime's own: operators that run Python, operators of
known extensions, and operators of domains that nobody vouches for. Also operators that hold compiled code for
an accelerator, that call services on the network, and functions inside the model that take the place of a
standard operator.

## Why it matters
An ONNX file carries no code of its own, but it can only be run with what its operators ask for. A custom
operator is a native library or a Python function that the user is asked to load: with it, the model does
whatever that library does.

## Example
A node `PythonOp` of the domain `com.microsoft`, or a node `Decode` of a domain `acme.ops`.

## Fix
Find out which library implements the operator and examine that as you would any program. Prefer a model that
is made of standard operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity
from violet.formats.onnx.facts import OnnxFacts, Operator

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/onnx-custom-ops",
    title="ONNX model needs custom operators",
    severity=Severity.MEDIUM,
    fix="Examine the library that implements the operators, or ask for a model of standard operators.",
    techniques=("AML.T0010.003", "AML.T0011.000"),
    cwe=(829,),
    references=("https://onnxruntime.ai/docs/reference/operators/add-custom-op.html",),
)
STANDARD = frozenset(
    (
        "", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
        "com.microsoft.nchwc", "com.microsoft.nhwc", "com.microsoft.experimental", "com.microsoft.dml",
        "com.microsoft.extensions", "com.ms.internal.nhwc", "com.microsoft.mlfeaturizers",
    )
)  # fmt: skip
"""Domains that the ONNX standard or ONNX Runtime itself implements."""
EXTENSIONS = {
    "ai.onnx.contrib": "ONNX Runtime Extensions",
    "org.pytorch.aten": "PyTorch",
    "org.pytorch._caffe2": "Caffe2",
    "org.openvinotoolkit": "OpenVINO",
    "mmdeploy": "MMDeploy",
    "mmcv": "MMCV",
    "trt": "TensorRT",
    "trt.plugins": "TensorRT",
    "TRT": "TensorRT",
    "nvinfer": "TensorRT",
    "com.nvidia": "NVIDIA",
    "com.amd.quark": "AMD Quark",
    "com.amd": "AMD",
    "com.intel.ai": "Intel",
    "qti_aisw": "Qualcomm",
    "com.qti.aisw": "Qualcomm",
    "qonnx.custom_op.general": "QONNX",
    "finn.custom_op.general": "FINN",
    "finn.custom_op.fpgadataflow": "FINN",
    "onnx.brevitas": "Brevitas",
    "com.xilinx": "Vitis AI",
    "ai.onnx.converters": "onnxconverter",
    "ai.onnx.sparkml": "SparkML",
    "org.apache.tvm": "TVM",
    "com.tensorflow": "tf2onnx",
    "paddle": "Paddle2ONNX",
}
PYTHON = frozenset(("PythonOp", "PythonOpGrad", "PyOp", "PyCustomOp", "PyOpGrad"))
MOST = 40


@check(RULE, formats=("onnx",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(OnnxFacts)
    if facts is None:
        return
    foreign: dict[str, list[Operator]] = {}
    for (domain, name), operator in facts.operators.items():
        special = _special(domain, name, (domain, name) in facts.functions)
        if special is not None:
            severity, text = special
            yield _finding(context, [operator], f"{domain}:{name}", text, severity)
        elif domain not in STANDARD and (domain, name) not in facts.functions:
            foreign.setdefault(domain, []).append(operator)
    for domain, operators in list(foreign.items())[:MOST]:
        library = EXTENSIONS.get(domain)
        if library is not None:
            text = f"needs operators of {library} (domain {domain[:100]!a})"
            yield _finding(context, operators, f"domain:{domain[:100]}", text, Severity.INFO)
        else:
            text = f"needs native code for operators of the domain {domain[:100]!a}"
            yield _finding(context, operators, f"domain:{domain[:100]}", text, Severity.MEDIUM)
    for domain, name in list(facts.functions)[: MOST * 100]:
        if domain in ("", "ai.onnx.ml") and name:
            yield context.finding(
                f"A function inside the model takes the place of the standard operator {name[:100]!a}.",
                evidence=f"function {name[:100]!a}",
                key=f"function:{name[:100]}",
                offset=facts.functions[domain, name],
                confidence=Confidence.MEDIUM,
                techniques=("AML.T0018.001",),
            )


def _special(domain: str, name: str, local: bool) -> tuple[Severity, str] | None:
    """Operators that matter whatever their domain is known for."""
    if local:
        return None
    if name in PYTHON:
        return Severity.HIGH, "calls a Python function by its name"
    if name == "ATen" and domain in ("com.microsoft", "org.pytorch.aten"):
        return Severity.MEDIUM, "calls operators of PyTorch by their names"
    if name == "EPContext" and domain == "com.microsoft":
        return Severity.MEDIUM, "holds or names compiled code for an accelerator"
    if domain == "ai.onnx.contrib" and name.startswith(("Azure", "OpenAI")):
        return Severity.MEDIUM, "sends what it is given to a service on the network"
    return None


def _finding(context: Context, operators: list[Operator], key: str, text: str, severity: Severity) -> Outcome:
    names = ", ".join(ascii(o.name[:60])[1:-1] for o in operators[:8])
    more = f" and {len(operators) - 8} more" if len(operators) > 8 else ""
    texts = "; ".join(t for o in operators for t in o.texts)[:400]
    return context.finding(
        f"The model {text}: {names}{more}.",
        evidence=f"{names}{more}" + (f" ({texts})" if texts else ""),
        key=key,
        offset=operators[0].at,
        severity=severity,
    )
