"""What the ONNX reader tells checks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Tensor bytes in another file. ``offset`` and ``length`` are in bytes, -1 where the model gives none;
    ``file_size`` is -1 where not known; ``present`` says whether the file can be opened from inside the
    directory, ``listed`` whether its name stands there."""

    tensor: str
    location: str
    offset: int
    length: int
    at: int
    extra: tuple[tuple[str, str], ...] = ()
    present: bool = False
    listed: bool = False
    file_size: int = -1


@dataclass(slots=True)
class Operator:
    """One kind of operator: how often it occurs, where first, and texts among its attributes."""

    domain: str
    name: str
    at: int
    count: int = 0
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class OnnxFacts:
    """What a model is made of."""

    ir_version: int = 0
    producer: str = ""
    opsets: dict[str, int] = field(default_factory=dict)
    operators: dict[tuple[str, str], Operator] = field(default_factory=dict)
    functions: dict[tuple[str, str], int] = field(default_factory=dict)
    """Model-local functions, by domain and name: where each stands."""
    external: list[ExternalData] = field(default_factory=list)
    tensors: int = 0
    nodes: int = 0
