"""ONNX models, run by onnxruntime in one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, Target, TargetError
from violet.targets.callable_target import example
from violet.targets.data_options import closest
from violet.targets.rows import column, columns_of, fit_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.targets.request import Opening

    Array = NDArray[Any]
    Feed = Callable[[Array], dict[str, Array]]

TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


def open_model(opening: Opening) -> Target:
    """Of several outputs, the one that the option ``output`` names; else scores before labels. Raises ``TargetError``
    for inputs that the domain cannot fill, ``UsageError`` for an output that is not there."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(opening.spec.location, options, providers=["CPUExecutionProvider"])
    feed, domain, fixed = _feeder(session, opening)
    output, own = _output(session, feed, domain, fixed, opening)

    def predict(x: Array) -> Any:
        return _plain(_run(session, output, feed, x, fixed), own)

    return opening.probed(predict, domain, own)


def _run(session: Any, output: str, feed: Feed, x: Array, fixed: int) -> Any:
    """The output for all rows; a model made for a fixed number of rows is given that many at a time, the last ones
    filled up with repetitions."""
    if not fixed:
        return session.run([output], feed(x))[0]
    parts: list[Any] = []
    for start in range(0, len(x), fixed):
        part = x[start : start + fixed]
        filled = np.concatenate([part, np.repeat(part[-1:], fixed - len(part), axis=0)]) if len(part) < fixed else part
        answer = session.run([output], feed(filled))[0]
        parts.extend(answer[: len(part)])
    return parts


def _plain(answer: Any, own: tuple[str, ...]) -> Any:
    """An array, out of the maps from class to score that some converters write."""
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        return np.array([[row.get(key, np.nan) for key in answer[0]] for row in answer], dtype=np.float64)
    return np.asarray(answer)


def _output(session: Any, feed: Feed, domain: InputDomain, fixed: int, opening: Opening) -> tuple[str, tuple[str, ...]]:
    """Which output is asked, and the names of its classes where it says them."""
    outputs = session.get_outputs()
    names = tuple(output.name for output in outputs)
    said = opening.option("output")
    if said and said not in names:
        raise UsageError(f"{opening.name} has no output {said!r}.", closest(said, names))
    asked = example(domain)
    found: dict[str, Any] = {}
    for output in outputs:
        if not said or output.name == said:
            found[output.name] = _run(session, output.name, feed, asked, fixed)
    scored = [name for name, answer in found.items() if _is_scores(answer, len(asked))]
    chosen = said or (scored[0] if scored and opening.outputs != "labels" else names[0])
    answer = found[chosen]
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        return chosen, tuple(str(key) for key in answer[0])
    return chosen, ()


def _is_scores(answer: Any, rows: int) -> bool:
    if isinstance(answer, list):
        return bool(answer) and isinstance(answer[0], dict)
    return bool(answer.dtype.kind == "f" and answer.ndim == 2 and len(answer) == rows)


def _feeder(session: Any, opening: Opening) -> tuple[Feed, InputDomain, int]:
    """What fills the inputs, the domain, and the fixed number of rows (0: any)."""
    inputs = session.get_inputs()
    unknown = [one for one in inputs if one.type not in TYPES]
    if unknown:
        raise TargetError(f"{opening.name} takes an input {unknown[0].name!r} of type {unknown[0].type}.")
    fixed = inputs[0].shape[0] if inputs[0].shape and isinstance(inputs[0].shape[0], int) else 0
    if len(inputs) > 1:
        return (*_by_column(inputs, opening), fixed)
    one = inputs[0]
    wanted = tuple(axis if isinstance(axis, int) else -1 for axis in one.shape[1:])
    domain = opening.inputs(wanted if all(axis > 0 for axis in wanted) else (), dtype="float32")
    dtype = TYPES[one.type]
    if domain.kind is InputKind.TEXT:
        if dtype != "str":
            raise TargetError(f"{opening.name} takes {one.type}, and the data is text.")
        shape: tuple[int, ...] = (1,) * len(wanted)
        return (lambda x: {one.name: np.asarray(x, dtype=object).reshape(len(x), *shape)}), domain, fixed
    if dtype == "str":
        raise TargetError(f"{opening.name} takes text, and the data is numbers.")
    if not one.shape:
        wanted = domain.shape
    row = fit_shape(domain.shape, wanted, opening.name)
    return (lambda x: {one.name: as_type(x, dtype).reshape(len(x), *row)}), domain, fixed


def as_type(x: Array, dtype: str) -> Array:
    """Rounded where the model takes whole numbers, and cut to what the type holds."""
    if dtype in ("float32", "float64", "float16"):
        return np.asarray(x, dtype=dtype)
    if dtype == "bool":
        return np.asarray(x > 0.5)
    info = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(x), info.min, info.max), dtype=dtype)


def _by_column(inputs: Any, opening: Opening) -> tuple[Feed, InputDomain]:
    """A model with one input a feature, as converters of pipelines write them."""
    names = tuple(one.name for one in inputs)
    domain = opening.inputs((len(names),), names)
    places = columns_of(domain, names, opening.name)

    def feed(x: Array) -> dict[str, Array]:
        found = {}
        for one, place in zip(inputs, places, strict=True):
            values = column(x, domain, place)
            dtype = TYPES[one.type]
            if dtype == "str":
                converted = np.array([str(value) for value in values.tolist()], dtype=object)
            else:
                converted = as_type(np.asarray(values, dtype=np.float64), dtype)
            found[one.name] = converted.reshape(len(x), *([1] * (len(one.shape) - 1)))
        return found

    return feed, domain
