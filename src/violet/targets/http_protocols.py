"""What model servers are asked, and how their answers are read: one class a protocol.

Sources: the Open Inference Protocol, version 2, REST (kserve/open-inference-protocol); MLflow's scoring server
(``/invocations``); TensorFlow Serving's REST interface, row format of Predict.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, TargetError
from violet.targets.data_options import closest
from violet.targets.json_path import ALL, find, parse_path
from violet.targets.rows import column, columns_of, fit_shape, plain_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.http_transport import Transport
    from violet.targets.request import Opening

    Array = NDArray[Any]

DATATYPES = {"FP16": "f", "FP32": "f", "FP64": "f", "BYTES": "text", "BOOL": "bool"}
"""Of the Open Inference Protocol; the others are whole numbers."""
PROTOCOLS = ("v2", "mlflow", "tf-serving", "template")
"""``v2``: the Open Inference Protocol, which is also called ``oip``."""
MLFLOW_FORMATS = ("dataframe_split", "inputs", "instances")
ROWS, ROW, RECORDS, RECORD = "{{rows}}", "{{row}}", "{{records}}", "{{record}}"


class Wire(Protocol):
    """One protocol at one URL. ``batch`` is the most rows of a question (0: any)."""

    url: str
    batch: int

    def question(self, x: Array) -> Any:
        """The JSON that asks about rows ``(n, *shape)``."""
        ...

    def answer(self, document: Any, rows: int) -> Any:
        """The labels or scores in the JSON that came back: a nested list, or an object a row. Raises ``TargetError``
        where they are not there."""
        ...


def wire_for(opening: Opening, transport: Transport) -> Wire:
    """By the option ``protocol``, else by the look of the URL. Raises ``UsageError``."""
    url = opening.spec.location
    said = opening.option("protocol").replace("oip", "v2")
    if said and said not in PROTOCOLS:
        raise UsageError(f"{said!r} is no protocol.", f"Say one of {', '.join(PROTOCOLS)}.")
    if opening.domain is None:
        raise UsageError("What inputs the endpoint takes is not known.", "Name data.")
    path = url.partition("?")[0]
    if not said:
        if opening.option("template"):
            said = "template"
        elif "/v2/models/" in path:
            said = "v2"
        elif path.rstrip("/").endswith("/invocations"):
            said = "mlflow"
        elif "/v1/models/" in path or path.endswith(":predict"):
            said = "tf-serving"
        else:
            raise UsageError(
                "Which protocol the endpoint speaks is not plain from its URL.",
                f"Say --protocol, one of {', '.join(PROTOCOLS)}.",
            )
    kinds: dict[str, type[Any]] = {"v2": OpenInference, "mlflow": Mlflow, "tf-serving": TfServing}
    if said == "template":
        return Template(opening, opening.domain)
    found: Wire = kinds[said](opening, opening.domain, transport)
    return found


class OpenInference:
    """The server's metadata say what its inputs are called; where it has none, ``input`` does, and 32-bit floats are
    sent."""

    def __init__(self, opening: Opening, domain: InputDomain, transport: Transport) -> None:
        base = opening.spec.location.rstrip("/").removesuffix("/infer").rstrip("/")
        if "/v2/models/" not in base:
            if not opening.option("model"):
                raise UsageError(
                    f"{base} serves models, and which one is asked is not said.",
                    "Write http://host:8080/v2/models/NAME, or say --option model=NAME",
                )
            base = f"{base.removesuffix('/v2')}/v2/models/{opening.option('model')}"
        self.url = f"{base}/infer"
        self.batch = 0
        self._domain = domain
        self._name = opening.name
        self._output = opening.option("output")
        self._inputs = self._described(transport, base, opening)
        self._columns = (
            columns_of(domain, [name for name, _, _ in self._inputs], self._name) if len(self._inputs) > 1 else ()
        )

    def _described(self, transport: Transport, base: str, opening: Opening) -> list[tuple[str, str, tuple[int, ...]]]:
        """Name, data type and shape (without rows) of each input."""
        text = self._domain.kind is InputKind.TEXT
        default = [(opening.option("input", "input-0"), "BYTES" if text else "FP32", self._domain.shape)]
        try:
            said = transport.get(base)
        except TargetError:  # metadata are optional to answer; the model itself may still
            return default
        inputs = said.get("inputs") if isinstance(said, dict) else None
        if not isinstance(inputs, list) or not inputs:
            return default
        found = []
        for one in inputs:
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                return default
            shape = one.get("shape")
            axes = tuple(axis if isinstance(axis, int) else -1 for axis in shape) if isinstance(shape, list) else (-1,)
            if axes and axes[0] > 0 and len(inputs) == 1:
                self.batch = axes[0]
            found.append((one["name"], str(one.get("datatype", "FP32")), axes[1:]))
        return found

    def question(self, x: Array) -> Any:
        inputs = []
        if self._columns:
            for (name, datatype, shape), place in zip(self._inputs, self._columns, strict=True):
                values = self._typed(column(x, self._domain, place), datatype)
                inputs.append(
                    {"name": name, "shape": [len(x)] + [1] * len(shape), "datatype": datatype, "data": values}
                )
        else:
            name, datatype, shape = self._inputs[0]
            if self._domain.kind is InputKind.TEXT:
                row: tuple[int, ...] = (1,) * len(shape)
            else:
                row = fit_shape(self._domain.shape, shape, self._name) if shape else self._domain.shape
            data = self._typed(np.asarray(x).reshape(-1), datatype)
            inputs.append({"name": name, "shape": [len(x), *row], "datatype": datatype, "data": data})
        asked: dict[str, Any] = {"inputs": inputs}
        if self._output:
            asked["outputs"] = [{"name": self._output}]
        return asked

    def _typed(self, values: Array, datatype: str) -> list[Any]:
        kind = DATATYPES.get(datatype, "whole")
        if kind == "text":
            return [str(value) for value in values.tolist()]
        if kind == "f":
            return [None if value != value else value for value in values.tolist()]
        if kind == "bool":
            return [bool(value > 0.5) for value in values.tolist()]
        return [int(value) for value in np.rint(values).tolist()]

    def answer(self, document: Any, rows: int) -> Any:
        outputs = document.get("outputs") if isinstance(document, dict) else None
        if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs) or not outputs:
            raise TargetError(f"{self._name} answered without outputs.")
        return self._tensor(self._chosen(outputs))

    def _chosen(self, outputs: list[dict[str, Any]]) -> dict[str, Any]:
        names = tuple(str(one.get("name")) for one in outputs)
        if self._output:
            if self._output not in names:
                raise TargetError(f"{self._name} has no output {self._output!r}.", closest(self._output, names))
            return outputs[names.index(self._output)]
        for one in outputs:
            shape = one.get("shape")
            if isinstance(shape, list) and len(shape) == 2 and shape[1] != 1 and str(one.get("datatype"))[:2] == "FP":
                return one
        return outputs[0]

    def _tensor(self, one: dict[str, Any]) -> Any:
        data, shape = one.get("data"), one.get("shape")
        if not isinstance(data, list) or not isinstance(shape, list):
            raise TargetError(f"{self._name} answered an output without data or shape.")
        flat = np.array(data, dtype=object).reshape(-1) if data else np.zeros(0, dtype=object)
        if not all(isinstance(axis, int) and axis >= 0 for axis in shape) or len(flat) != int(np.prod(shape)):
            raise TargetError(f"{self._name} answered {len(flat)} values for an output of shape {shape}.")
        return flat.reshape(shape).tolist()


class Mlflow:
    """``format`` is how rows are sent: ``dataframe_split`` (default where features have names) or ``inputs``."""

    def __init__(self, opening: Opening, domain: InputDomain, transport: Transport) -> None:
        self.url = opening.spec.location
        self.batch = 0
        self._domain = domain
        self._name = opening.name
        named = bool(domain.names)
        self._format = opening.option("format", "dataframe_split" if named else "inputs")
        if self._format not in MLFLOW_FORMATS:
            raise UsageError(f"format={self._format} is not known.", f"Say one of {', '.join(MLFLOW_FORMATS)}.")
        if self._format == "dataframe_split" and len(domain.shape) > 1:
            raise UsageError(f"Rows of shape {domain.shape} are no data frame.", "Say --option format=inputs")

    def question(self, x: Array) -> Any:
        rows = plain_rows(x, self._domain)
        if self._format != "dataframe_split":
            return {self._format: rows}
        if self._domain.kind is InputKind.TEXT:
            return {"dataframe_split": {"columns": ["text"], "data": [[row] for row in rows]}}
        columns: list[Any] = [*self._domain.names] or [*range(len(rows[0]) if rows else 0)]
        return {"dataframe_split": {"columns": columns, "data": rows}}

    def answer(self, document: Any, rows: int) -> Any:
        found = document.get("predictions") if isinstance(document, dict) else document
        if not isinstance(found, list):
            raise TargetError(f"{self._name} answered without a list of predictions.")
        return found


class TfServing:
    """Of several named outputs, ``output`` says which."""

    def __init__(self, opening: Opening, domain: InputDomain, transport: Transport) -> None:
        url = opening.spec.location.rstrip("/")
        self.url = url if url.endswith(":predict") else f"{url}:predict"
        self.batch = 0
        self._domain = domain
        self._name = opening.name
        self._input = opening.option("input")
        self._output = opening.option("output")

    def question(self, x: Array) -> Any:
        rows = plain_rows(x, self._domain)
        return {"instances": [{self._input: row} for row in rows] if self._input else rows}

    def answer(self, document: Any, rows: int) -> Any:
        found = document.get("predictions") if isinstance(document, dict) else None
        if not isinstance(found, list):
            raise TargetError(f"{self._name} answered without a list of predictions.")
        if not found or not isinstance(found[0], dict):
            return found
        names = tuple(str(name) for name in found[0])
        lists = [name for name in names if isinstance(found[0][name], list)]
        chosen = self._output or (lists[0] if lists else "")
        if not chosen:
            return found
        if not all(isinstance(one, dict) and chosen in one for one in found):
            raise TargetError(f"{self._name} has no output {chosen!r}.", closest(chosen, names))
        return [one[chosen] for one in found]


class Template:
    """``template`` is JSON in which ``"{{rows}}"`` stands for all rows, ``"{{records}}"`` for all as objects by name of
    the feature; or ``"{{row}}"``, ``"{{record}}"`` for one, which is then asked alone. ``answer`` is the path to the
    labels or scores (of one row, where one is asked)."""

    def __init__(self, opening: Opening, domain: InputDomain) -> None:
        self.url = opening.spec.location
        self._domain = domain
        self._name = opening.name
        text = opening.option("template")
        if not text:
            raise UsageError("The protocol 'template' needs a template.", f"""Write: template='{{"rows": "{ROWS}"}}'""")
        try:
            self._template = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"The template is no JSON: {error}.") from error
        found = [mark for mark in (ROWS, ROW, RECORDS, RECORD) if _holds(self._template, mark)]
        if len(found) != 1:
            raise UsageError(
                f"The template holds {' and '.join(found) or 'no place for the inputs'}.",
                f'One of "{ROWS}", "{ROW}", "{RECORDS}" and "{RECORD}" is expected in it, as a value of its own.',
            )
        self._mark = found[0]
        if self._mark in (RECORDS, RECORD) and not domain.names:
            raise UsageError(f"The features of the data have no names, which {self._mark} needs.")
        self.batch = 1 if self._mark in (ROW, RECORD) else 0
        self._steps = parse_path(opening.option("answer", "$"))
        self._path = opening.option("answer", "$")

    def question(self, x: Array) -> Any:
        rows = plain_rows(x, self._domain)
        if self._mark in (RECORDS, RECORD):
            rows = [dict(zip(self._domain.names, row, strict=True)) for row in rows]
        return _filled(self._template, self._mark, rows[0] if self.batch else rows)

    def answer(self, document: Any, rows: int) -> Any:
        try:
            found = find(document, self._steps)
        except LookupError as error:
            raise TargetError(f"{self._name} answered without {self._path}: there is no {error.args[0]}.") from error
        if not self.batch:
            return found
        if ALL in self._steps and isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
            return found
        return [found]


def _holds(value: Any, mark: str) -> bool:
    if isinstance(value, dict):
        return any(_holds(one, mark) for one in value.values())
    if isinstance(value, list):
        return any(_holds(one, mark) for one in value)
    return isinstance(value, str) and value == mark


def _filled(value: Any, mark: str, rows: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, mark, rows) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, mark, rows) for one in value]
    return rows if isinstance(value, str) and value == mark else value
