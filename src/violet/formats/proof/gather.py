"""The elements of a view in row-major order, in pieces of bounded size, little-endian.

A view is elements at ``start + sum(index * stride)``. Pieces are cut along the outermost dimensions. What a piece
needs from the storage is read in runs along the dimensions with the smallest strides, and put in its place with
strided copies of memory views, so that neither reading nor copying goes element by element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from violet.formats.proof.values import Unproven, product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.proof.values import Tensor
    from violet.formats.source import Source

PIECE = 8 << 20
"""Bytes of a contiguous copy, and of a piece that is put together."""
RUN = 4 << 20
"""Bytes of a storage that are read at once."""
SPARSE = 8 << 10
"""Bytes of a run for one element that is wanted, beyond which it is cheaper to read elements one by one."""
_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def pieces(tensor: Tensor) -> Iterator[bytes | bytearray | memoryview]:
    """The bytes of the tensor in order. Raises ``Unproven`` where the storage turns out to be shorter."""
    if not tensor.count:
        return
    source = tensor.storage.source
    if source is None:
        raise Unproven(f"the storage {tensor.storage.key!r} is missing", tensor.offset)
    found = _contiguous(tensor, source) if tensor.contiguous else _strided(tensor, source)
    part = tensor.element.part
    if tensor.storage.swapped and part > 1:
        for piece in found:
            yield _swap(piece, part)
    else:
        yield from found


def _contiguous(tensor: Tensor, source: Source) -> Iterator[bytes]:
    at = tensor.start * tensor.element.size
    end = at + tensor.size
    while at < end:
        data = source.read(at, min(PIECE, end - at))
        if not data:
            raise Unproven(f"the storage {tensor.storage.key!r} is shorter than it was", tensor.offset)
        yield data
        at += len(data)


def _swap(data: bytes | bytearray | memoryview, part: int) -> bytearray:
    swapped = bytearray(len(data))
    for byte in range(part):
        swapped[byte::part] = data[part - 1 - byte :: part]
    return swapped


def _strided(tensor: Tensor, source: Source) -> Iterator[bytearray]:
    """Pieces: all of the inner dimensions, and of the outermost one that does not fit, some indices at a time."""
    size = tensor.element.size
    shape, strides = _merged(tensor.shape, tensor.strides)
    room = PIECE // size
    inner = len(shape)
    while inner > 0 and product(shape[inner - 1 :]) <= room:
        inner -= 1
    if inner == 0:
        yield _piece(source, tensor, tensor.start, shape, strides)
        return
    below = product(shape[inner:])
    step = max(room // below, 1)
    split = inner - 1
    for start in _starts(tensor.start, shape[:split], strides[:split]):
        for first in range(0, shape[split], step):
            extent = min(step, shape[split] - first)
            cut = (extent, *shape[inner:])
            yield _piece(source, tensor, start + first * strides[split], cut, strides[split:])


def _merged(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The same view in as few dimensions as possible."""
    merged: list[tuple[int, int]] = []
    for extent, stride in zip(shape, strides, strict=True):
        if extent == 1:
            continue
        if merged and merged[-1][1] == extent * stride:
            merged[-1] = (merged[-1][0] * extent, stride)
        else:
            merged.append((extent, stride))
    if not merged:
        return (1,), (1,)
    return tuple(extent for extent, _ in merged), tuple(stride for _, stride in merged)


def _starts(start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Iterator[int]:
    if not shape:
        yield start
        return
    for index in range(shape[0]):
        yield from _starts(start + index * strides[0], shape[1:], strides[1:])


def _piece(source: Source, tensor: Tensor, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytearray:
    """One piece: the dimensions that can be covered by one run are read together, the others looped over."""
    size = tensor.element.size
    into = [1] * len(shape)
    for number in range(len(shape) - 2, -1, -1):
        into[number] = into[number + 1] * shape[number + 1]
    made = bytearray(product(shape) * size)
    target = memoryview(made).cast(_FORMATS[size])
    order = sorted(range(len(shape)), key=lambda number: strides[number])
    covered, span = 0, 1
    while covered < len(order):
        more = span + (shape[order[covered]] - 1) * strides[order[covered]]
        wanted = product(shape[number] for number in order[: covered + 1])
        if more * size > RUN or more * size > SPARSE * wanted:
            break
        span = more
        covered += 1
    within, across = order[:covered], order[covered:]
    loops = [(shape[number], strides[number], into[number]) for number in across]
    for from_, to in _pairs(start, 0, loops):
        _copy_run(source, tensor, from_, span, target, to, [(shape[n], strides[n], into[n]) for n in within])
    return made


def _pairs(from_: int, to: int, loops: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    if not loops:
        yield from_, to
        return
    extent, stride, into = loops[-1]
    for index in range(extent):
        yield from _pairs(from_ + index * stride, to + index * into, loops[:-1])


def _copy_run(
    source: Source,
    tensor: Tensor,
    start: int,
    span: int,
    target: memoryview,
    to: int,
    dimensions: list[tuple[int, int, int]],
) -> None:
    """Read ``span`` elements once, and copy what the ``dimensions`` (extent, stride, stride in the piece) pick."""
    size = tensor.element.size
    data = source.read(start * size, span * size)
    if len(data) < span * size:
        raise Unproven(f"the storage {tensor.storage.key!r} is shorter than it was", tensor.offset)
    view = memoryview(data).cast(_FORMATS[size])
    if not dimensions:
        target[to] = view[0]
        return
    longest = max(range(len(dimensions)), key=lambda number: dimensions[number][0])
    extent, stride, into = dimensions[longest]
    rest = dimensions[:longest] + dimensions[longest + 1 :]
    for from_, at in _pairs(0, to, rest):
        place = slice(at, at + (extent - 1) * into + 1, into)
        if stride == 0:
            target[place] = memoryview(bytes(view[from_ : from_ + 1]) * extent).cast(_FORMATS[size])
        else:
            target[place] = view[from_ : from_ + (extent - 1) * stride + 1 : stride]
