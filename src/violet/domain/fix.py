"""What was put right in files, what could not be, and how to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Digest


@dataclass(frozen=True, slots=True)
class ConvertedTensor:
    """One tensor of a conversion. ``digest`` is the SHA-256 (hexadecimal) of its elements, row by row and
    little-endian, the same before and after; ``size`` is in bytes.

    ``kind`` is ``tensor``, ``parameter``, ``array`` or ``scalar``. ``offset`` is where its bytes begin in what is
    written; ``source_offset`` where the same bytes stand in the source, ``None`` where they are strided, compressed
    or big-endian there.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    digest: str
    kind: str
    offset: int
    source_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """A pickle that is proven to hold tensors only, and the safetensors file that it becomes.

    ``layout`` is ``torch_zip``, ``torch_legacy``, ``numpy``, ``joblib``, ``npy`` or ``npz`` (of a compressed file
    with the compression in brackets); ``calls`` are the calls
    of the stream and how often each is made; ``contents`` is the digest over all tensors; ``plain`` are the first of
    the ``plain_count`` plain values that are kept as metadata (place and value); ``aliases`` are names of a tensor
    that shares its elements with another one. ``after`` and ``quarantined`` (where the original lies now) are
    ``None`` and ``""`` until it is done.
    """

    source: str
    target: str
    layout: str
    before: Digest
    contents: Digest
    tensors: tuple[ConvertedTensor, ...]
    calls: tuple[tuple[str, int], ...] = ()
    plain: tuple[tuple[str, str], ...] = ()
    plain_count: int = 0
    aliases: tuple[tuple[str, str], ...] = ()
    after: Digest | None = None
    quarantined: str = ""

    @property
    def size(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.size for tensor in self.tensors)


@dataclass(frozen=True, slots=True)
class Edit:
    """One place of a text that is put right: ``text`` becomes ``replacement``. ``line`` counts from 1 (in a
    notebook within cell ``cell``, which counts from 1); ``summary`` is one sentence without its full stop."""

    summary: str
    line: int
    text: str
    replacement: str
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Fix:
    """What an action does, or in a rehearsal would do, to one file.

    ``action`` is the action's id. A text has ``edits`` and their unified ``diff``; a model file has a
    ``conversion``. ``before`` and ``after`` are digests of the file (for a conversion, ``after`` is the new file's).
    ``attestation`` is where the two are signed together (``""``: nowhere).
    """

    action: str
    path: str
    before: Digest
    after: Digest | None = None
    edits: tuple[Edit, ...] = ()
    diff: str = ""
    conversion: Conversion | None = None
    attestation: str = ""


@dataclass(frozen=True, slots=True)
class Unfixed:
    """Something that is not put right: ``reason`` is one sentence that says why, ``advice`` says what to do (a
    command, or a change that a person has to judge).

    ``line`` (from 1) or ``offset`` (bytes) say where; ``evidence`` is the call, as written or as reconstructed from
    the pickle.
    """

    action: str
    path: str
    reason: str
    advice: str = ""
    evidence: str = ""
    line: int = 0
    offset: int | None = None
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Unexamined:
    """A file that could not be looked at, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FixReport:
    """What came of ``violet fix``. ``files`` is how many were looked at; ``rehearsed`` says that nothing was
    changed; ``journal`` is the file with which it is undone (``""``: nothing was changed)."""

    version: str
    rehearsed: bool
    files: int
    fixes: tuple[Fix, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    unexamined: tuple[Unexamined, ...] = ()
    journal: str = ""

    @property
    def exit_code(self) -> int:
        """0 where all that was found is put right, 1 where something remains, 3 where something was not examined
        and nothing remains."""
        if self.unfixed:
            return 1
        return 3 if self.unexamined else 0


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What came of ``violet fix --undo``: files that are again what they were, and those that are not, with why."""

    journal: str
    restored: tuple[str, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()

    @property
    def exit_code(self) -> int:
        return 1 if self.unfixed else 0
