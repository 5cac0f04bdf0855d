"""What a skops schema would build."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SkopsNode:
    """One object of the tree: ``where`` in the JSON, the ``loader`` that builds it, the class or function
    that is imported, and for methods, partials and reductions a short text of what is called."""

    where: str
    loader: str
    module: str
    name: str
    call: str = ""

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


@dataclass(slots=True)
class SkopsFacts:
    """``types`` counts each distinct node of loader, module and name; only the first of each is kept."""

    protocol: object = None
    version: str = ""
    nodes: list[SkopsNode] = field(default_factory=list)
    types: int = 0
