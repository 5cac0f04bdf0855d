"""What a protocol has to tell the guard: which requests are predictions, what rows they hold, what came back, and how
an answer is written anew when the policy wants one that tells less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Values = Sequence[Sequence[float | str | None]]


class Unreadable(Exception):
    """The body is not what the protocol says it is. The message is one sentence."""


class Ambiguous(Unreadable):
    """Two readers would read the body differently: what is judged here might not be what the model is asked. No honest
    client sends such a body."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a prediction request asks. ``rows`` are raw values, a list a row, or an array ``(n, p)`` (a picture is one
    flat row, its shape in ``shape``); ``names`` the columns where the protocol says them; ``texts`` prompts or
    documents. ``model`` is what the request calls it (empty: nothing). ``stream``: the answer comes in pieces."""

    model: str = ""
    rows: Values | Array = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    stream: bool = False
    tokens: int = 0
    """The most tokens a language model may answer with; 0: not said."""

    @property
    def count(self) -> int:
        return len(self.rows) or len(self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came back, a row each. ``scores`` is one list a row (empty: none); ``labels`` numbers or words; ``texts``
    what a language model wrote; ``tokens`` how many it was charged for (0: not said)."""

    scores: Sequence[Sequence[float]] | Array = ()
    labels: Sequence[float | str] = ()
    texts: tuple[str, ...] = ()
    tokens: int = 0

    @property
    def count(self) -> int:
        """Rows that have scores or a label."""
        return max(len(self.scores), len(self.labels))


class Wire(Protocol):
    """One protocol. Objects are made once a guard, hold no state of a request, and are asked for every request: their
    methods are the hot path."""

    name: str

    def matches(self, method: str, path: str) -> bool:
        """Whether a request to this path is a prediction in this protocol (``path`` without its query string)."""
        ...

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        """Header names are lower-case. Raises ``Unreadable``."""
        ...

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        """Of a complete answer with status 200. Raises ``Unreadable``."""
        ...

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """The answer with other scores: everything else in it stays. Gives the body and the headers that change with it
        (content-length is the caller's business). Raises ``Unreadable``."""
        ...


class Rewrite(Protocol):
    """What to do with scores: ``(n, k)`` in, ``(n, k)`` out; the greatest stays the greatest in every row."""

    def __call__(self, scores: Array) -> Array: ...
