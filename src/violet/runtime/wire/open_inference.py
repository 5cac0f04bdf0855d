"""The Open Inference Protocol, version 2, over HTTP: JSON, tensors as bytes, and Triton's ``generate``.

Sources: kserve/open-inference-protocol, ``inference_rest.md`` and ``extension_binary_data.md``; Triton Inference
Server, ``docs/protocol/extension_generate.md``. How columns are sent, one tensor each, is MLServer's content type
``pd``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from violet.runtime.wire._events import generated, is_events
from violet.runtime.wire._reading import (
    USUAL,
    Bounds,
    bounded_texts,
    by_path,
    document,
    plain,
    require_few,
    scalar,
    write,
)
from violet.runtime.wire._scores import changed, telling, worded
from violet.runtime.wire._tensors import FRACTIONS, flat, from_bytes, size_of, to_bytes
from violet.runtime.wire.base import Answer, Question, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Array, Rewrite, Values

HEADER = "inference-header-content-length"
_NO_HEADERS: Mapping[str, str] = {}
_ONE: tuple[list[int], ...] = ([1, 1], [1], [])
"""Shapes of a single value."""


class _Sent(msgspec.Struct):
    """A tensor as it stands in JSON."""

    name: str
    shape: list[int]
    datatype: str
    data: list[float | str | None] | None = None
    parameters: dict[str, Any] | None = None


class _Inputs(msgspec.Struct):
    inputs: list[_Sent]
    id: Any = None
    parameters: dict[str, Any] | None = None
    outputs: msgspec.Raw | None = None


class _Outputs(msgspec.Struct):
    outputs: list[_Sent]


_read_inputs = msgspec.json.Decoder(_Inputs).decode
_read_outputs = msgspec.json.Decoder(_Outputs).decode


class _Tensor:
    """``values`` are in row-major order, as many as ``shape`` says. ``start`` and ``size`` tell where they stand among
    the bytes that follow the JSON (-1: they do not)."""

    __slots__ = ("datatype", "name", "shape", "size", "start", "values")

    def __init__(self, name: str, datatype: str, shape: list[int], values: Any, start: int = -1, size: int = 0) -> None:
        self.name = name
        self.datatype = datatype
        self.shape = shape
        self.values = values
        self.start = start
        self.size = size


@by_path
def _place(path: str) -> tuple[str, str] | None:
    """Model and what is asked of it."""
    segments = plain(path).split("/")
    asked = segments[-1]
    if asked not in ("infer", "generate", "generate_stream"):
        return None
    for place in range(len(segments) - 3):
        if segments[place] == "v2" and segments[place + 1] == "models":
            inner = segments[place + 2 : -1]
            if len(inner) > 2 and inner[-2] == "versions":
                inner = inner[:-2]
            return "/".join(inner), asked
    return None


class OpenInference:
    """``/v2/models/NAME[/versions/V]/infer``, behind any prefix."""

    name = "v2"

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _place(path) is not None

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        found = _place(path)
        model, asked = found if found is not None else ("", "infer")
        if asked != "infer":
            return self._generate(model, body, asked)
        if HEADER in headers:
            content, rest = _parted(headers[HEADER], body)
            return self._assembled(model, self._tensors(document(content, self._bounds), "inputs", rest))
        require_few(body, self._bounds)
        try:
            read = _read_inputs(body)
        except RecursionError:
            raise Unreadable("It is nested too deep.") from None
        except ValueError:  # nested data, truth values, NaN; or nothing of the kind
            return self._assembled(model, self._tensors(document(body, self._bounds), "inputs"))
        if body.count(b":") != _names(read):
            document(body, self._bounds)
        inputs = read.inputs
        if len(inputs) == 1:  # most requests are one tensor of one row
            sent = inputs[0]
            data, shape = sent.data, sent.shape
            if data is not None and len(shape) == 2 and shape[0] == 1 and shape[1] == len(data) > 1:
                if sent.parameters:
                    _require_here(sent.parameters, sent.name)
                return Question(model, [data])
        elif inputs:  # or as many columns of one row
            row = [sent.data[0] for sent in inputs if sent.data is not None and len(sent.data) == 1]
            if len(row) == len(inputs) and all(sent.shape in _ONE and not sent.parameters for sent in inputs):
                return Question(model, [row], tuple([sent.name for sent in inputs]))
        return self._assembled(model, [_checked(sent) for sent in inputs])

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        if HEADER in headers:
            content, rest = _parted(headers[HEADER], body)
            tensors = self._tensors(document(content, self._bounds), "outputs", rest)
        else:
            require_few(body, self._bounds)
            try:
                outputs = _read_outputs(body).outputs
            except RecursionError:
                raise Unreadable("It is nested too deep.") from None
            except ValueError:
                if question.stream or (question.texts and b"text_output" in body):
                    return generated(body, self._bounds)
                tensors = self._tensors(document(body, self._bounds), "outputs")
            else:
                if len(outputs) == 1 and question.count == 1:
                    sent = outputs[0]
                    data, shape = sent.data, sent.shape
                    if data is not None and len(shape) == 2 and shape[0] == 1 and 1 < shape[1] == len(data):
                        if sent.datatype in FRACTIONS and None not in data and str not in set(map(type, data)):
                            return Answer([data])  # type: ignore[list-item]
                tensors = [_checked(sent) for sent in outputs]
        return _answered(tensors, question.count)

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        count = original.count if original is not None else 0
        if HEADER not in headers:
            if is_events(body):
                return body, _NO_HEADERS
            whole = document(body, self._bounds)
            if type(whole) is dict and "text_output" in whole and "outputs" not in whole:
                return body, _NO_HEADERS  # a text, without scores
            tensors = self._tensors(whole, "outputs")
            for sent, tensor, scores in _changed(whole["outputs"], tensors, change, count):
                sent["data"] = _like(sent["data"], scores, tensor)
            return write(whole), _NO_HEADERS
        content, rest = _parted(headers[HEADER], body)
        whole = document(content, self._bounds)
        tensors = self._tensors(whole, "outputs", rest)
        tail = bytearray(rest)
        in_json = False
        for sent, tensor, scores in _changed(whole["outputs"], tensors, change, count):
            if tensor.start < 0:
                sent["data"] = _like(sent["data"], scores, tensor)
                in_json = True
            else:
                tail[tensor.start : tensor.start + tensor.size] = to_bytes(scores, tensor.datatype)
        if in_json:
            content = write(whole)
        return content + bytes(tail), {HEADER: str(len(content))}

    def _generate(self, model: str, body: bytes, asked: str) -> Question:
        found = document(body, self._bounds)
        text = found.get("text_input") if type(found) is dict else None
        if type(text) is not str:
            raise Unreadable("It has no text_input.")
        parameters = found.get("parameters")
        said = parameters if type(parameters) is dict else found
        tokens = said.get("max_tokens", found.get("max_tokens", 0))
        stream = asked == "generate_stream" or said.get("stream") is True or found.get("stream") is True
        whole = tokens if type(tokens) is int and 0 <= tokens < 1 << 53 else 0
        return Question(model, texts=bounded_texts([text], self._bounds), stream=stream, tokens=whole)

    def _tensors(self, whole: Any, part: str, rest: memoryview | None = None) -> list[_Tensor]:
        """Of the JSON and the bytes after it."""
        listed = whole.get(part) if type(whole) is dict else None
        if type(listed) is not list:
            raise Unreadable(f"It has no list of {part}.")
        found: list[_Tensor] = []
        place = 0
        for sent in listed:
            if type(sent) is not dict:
                raise Unreadable(f"One of its {part} is no object.")
            name, datatype, shape = sent.get("name"), sent.get("datatype"), sent.get("shape")
            if type(name) is not str or type(datatype) is not str or type(shape) is not list:
                raise Unreadable(f"One of its {part} has no name, datatype or shape.")
            parameters = sent.get("parameters")
            parameters = parameters if type(parameters) is dict else {}
            _require_here(parameters, name)
            size = parameters.get("binary_data_size")
            if size is None:
                values = [scalar(value) for value in flat(sent.get("data"))]
                if size_of(shape) != len(values):
                    raise Unreadable(f"{name[:40]!r} has {len(values)} values, and another shape.")
                found.append(_Tensor(name, datatype, shape, values))
                continue
            if rest is None or type(size) is not int or not 0 <= size <= len(rest) - place:
                raise Unreadable(f"The bytes of {name[:40]!r} are not there.")
            found.append(
                _Tensor(
                    name,
                    datatype,
                    shape,
                    from_bytes(rest[place : place + size], datatype, shape, self._bounds),
                    place,
                    size,
                )
            )
            place += size
        if rest is not None and place != len(rest):
            raise Unreadable(f"{len(rest) - place:,} bytes follow its last tensor.")
        return found

    def _assembled(self, model: str, inputs: list[_Tensor]) -> Question:
        """One tensor holds rows; several are columns, or blocks of columns."""
        if not inputs:
            raise Unreadable("It has no inputs.")
        if len(inputs) == 1:
            return self._alone(model, inputs[0])
        counts = [tensor.shape[0] if tensor.shape else 1 for tensor in inputs]
        count = max(counts)
        sizes = [len(tensor.values) for tensor in inputs]
        single = [size == 1 for size in sizes]  # a parameter of all rows
        if any(own != count and not one for own, one in zip(counts, single, strict=True)):
            count, single = 1, [False] * len(inputs)  # no axis of rows in common: all is one row
        if not all(sizes):
            return Question(model)
        widths = [1 if one else size // count for size, one in zip(sizes, single, strict=True)]
        if count * sum(widths) > self._bounds.values:
            raise Unreadable(f"Its rows have more than {self._bounds.values:,} values together.")
        names = _column_names(inputs, widths)
        if count == 1:
            row: list[Any] = []
            for tensor in inputs:
                row.extend(tensor.values.tolist() if isinstance(tensor.values, np.ndarray) else tensor.values)
            if len(row) == 1 and type(row[0]) is str:
                return Question(model, texts=bounded_texts(row, self._bounds))
            return Question(model, [row], names)
        blocks = [
            list(tensor.values) * count if one and len(tensor.values) == 1 else tensor.values
            for tensor, one in zip(inputs, single, strict=True)
        ]
        numeric = [_numbers(block) for block in blocks]
        if all(array is not None for array in numeric):
            arrays = [array.reshape(count, -1) for array in numeric if array is not None]
            return Question(model, np.concatenate(arrays, axis=1), names)
        rows: list[list[Any]] = [[] for _ in range(count)]
        for block, width in zip(blocks, widths, strict=True):
            values = block.tolist() if isinstance(block, np.ndarray) else block
            for place, row in enumerate(rows):
                row.extend(values[place * width : place * width + width])
        return Question(model, rows, names)

    def _alone(self, model: str, tensor: _Tensor) -> Question:
        shape, values = tensor.shape, tensor.values
        total = len(values)
        if not total:
            return Question(model)
        count = shape[0] if shape else 1
        width = total // count
        if width == 1 and tensor.datatype == "BYTES":
            return Question(model, texts=bounded_texts([str(value) for value in values], self._bounds))
        names = (tensor.name,) if width == 1 else ()
        tail = tuple(shape[1:]) if len(shape) > 2 else ()
        rows: Values | Array
        if isinstance(values, np.ndarray):
            rows = values.reshape(count, width)
        elif count == 1:
            rows = [values]
        else:
            numbers = _numbers(values)
            if numbers is not None:
                rows = numbers.reshape(count, width)
            else:
                rows = [values[place : place + width] for place in range(0, total, width)]
        return Question(model, rows, names, shape=tail)


def _parted(length: str, body: bytes) -> tuple[bytes, memoryview]:
    """The JSON, and the bytes after it."""
    if not length.isascii() or not length.isdigit() or len(length) > 12:
        raise Unreadable("Its header's length is no number.")
    size = int(length)
    if size > len(body):
        raise Unreadable("Its header is longer than its body.")
    if not size:
        raise Unreadable("It is a tensor without a header, whose type only the server knows.")
    return body[:size], memoryview(body)[size:]


def _names(read: _Inputs) -> int:
    """How many names the objects of a request say that says nothing unknown."""
    count = 1
    for sent in read.inputs:
        count += 3 + (sent.data is not None)
        if sent.parameters is not None:
            count += 1 + len(sent.parameters)
    if read.id is not None:
        count += 1
    if read.parameters is not None:
        count += 1 + len(read.parameters)
    if read.outputs is not None:
        count += 1 + bytes(read.outputs).count(b":")
    return count


def _require_here(parameters: Mapping[str, Any], name: str) -> None:
    """Raises ``Unreadable`` for values in memory that sender and server share (Triton's extension)."""
    if any(key.startswith("shared_memory") for key in parameters):
        raise Unreadable(f"The values of {name[:40]!r} are in shared memory.")


def _checked(sent: _Sent) -> _Tensor:
    if sent.parameters:
        _require_here(sent.parameters, sent.name)
    if sent.data is None:
        raise Unreadable(f"{sent.name[:40]!r} has no data.")
    if size_of(sent.shape) != len(sent.data):
        raise Unreadable(f"{sent.name[:40]!r} has {len(sent.data)} values, and another shape.")
    return _Tensor(sent.name, sent.datatype, sent.shape, sent.data)


def _column_names(inputs: list[_Tensor], widths: list[int]) -> tuple[str, ...]:
    names: list[str] = []
    for tensor, width in zip(inputs, widths, strict=True):
        if width == 1:
            names.append(tensor.name)
        else:
            names.extend(f"{tensor.name}[{place}]" for place in range(width))
    return tuple(names)


def _numbers(values: Any) -> Array | None:
    """float64, missing values as NaN; ``None`` where there are words among them."""
    if isinstance(values, np.ndarray):
        return values
    if str in set(map(type, values)):
        return None
    return np.array(values, dtype=np.float64)


def _answered(outputs: list[_Tensor], count: int) -> Answer:
    """Of all outputs that have something for each row: fractions are scores, the rest labels."""
    wide: list[tuple[str, Array]] = []
    narrow: list[Array] = []
    labels: list[Any] | None = None
    for tensor in outputs:
        total = len(tensor.values)
        if not total or not count or ((tensor.shape[0] if tensor.shape else 1) != count and count != 1):
            continue
        if tensor.datatype in FRACTIONS:
            values = _numbers(tensor.values)
            if values is None:
                continue
            block = values.reshape(count, -1)
            if block.shape[1] > 1:
                wide.append((tensor.name, block))
            else:
                narrow.append(block)
        elif total == count and labels is None:
            labels = tensor.values.tolist() if isinstance(tensor.values, np.ndarray) else list(tensor.values)
    scores: Any = ()
    if wide:
        scores = next((block for name, block in wide if telling(name)), wide[0][1])
    elif narrow:
        scores = np.concatenate(narrow, axis=1)
    if labels and all(type(label) is str for label in labels):
        return worded(labels, scores)
    return Answer(scores, ["" if label is None else label for label in labels or ()])


def _changed(
    sent: list[dict[str, Any]], outputs: list[_Tensor], change: Rewrite, count: int
) -> list[tuple[dict[str, Any], _Tensor, Array]]:
    """Every tensor of fractions with other values; those with one a row are the columns of one table."""
    found: list[tuple[dict[str, Any], _Tensor, Array]] = []
    narrow: list[tuple[dict[str, Any], _Tensor, Array]] = []
    for one, tensor in zip(sent, outputs, strict=True):
        values = _numbers(tensor.values) if tensor.datatype in FRACTIONS else None
        if values is None or not len(values):
            continue
        rows = count or (tensor.shape[0] if tensor.shape else 1)
        if rows < 1 or len(values) % rows:
            rows = 1
        if len(values) == rows:
            narrow.append((one, tensor, values))
        else:
            found.append((one, tensor, changed(change, values.reshape(rows, -1)).reshape(-1)))
    by_length: dict[int, list[tuple[dict[str, Any], _Tensor, Array]]] = {}
    for place in narrow:
        by_length.setdefault(len(place[2]), []).append(place)
    for places in by_length.values():
        table = changed(change, np.stack([values for _, _, values in places], axis=1))
        found.extend((one, tensor, table[:, column]) for column, (one, tensor, _) in enumerate(places))
    return found


def _like(data: Any, scores: Array, tensor: _Tensor) -> list[Any]:
    """Values nested as the data were."""
    nested = type(data) is list and bool(data) and type(data[0]) is list
    values = [None if value != value else value for value in scores.tolist()]
    if not nested:
        return values
    return np.array(values, dtype=object).reshape(tensor.shape).tolist()  # type: ignore[no-any-return]
