"""What the files of a project say about what is installed, as data that checks judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.asset import Digest
from violet.domain.component import Component

if TYPE_CHECKING:
    from violet.formats.text.document import Document
    from violet.formats.text.region import Region

MOST_DEPENDENCIES = 20_000
"""Entries of one file that are kept."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry that has something installed.

    ``kind`` is ``package`` (by name, from an index), ``url``, ``repository`` (git and the like) or ``path``.
    ``specifier`` is what was asked for (``>=1,<2``, as written), ``version`` the one version that can be installed
    (``""``: several can). ``marker`` is the condition behind ``;``. ``group`` is ``""`` for what the project needs to
    run, else ``dev``, ``build``, ``constraint`` or the name of an extra. ``index`` names the source it is bound to.
    ``locked`` says that a lock file chose it. The regions are the exact places of the whole entry, of the name, of
    the specifier and of each hash (with its ``--hash=``, where that is written).
    """

    kind: str
    name: str
    text: str
    region: Region
    specifier: str = ""
    version: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str = ""
    hashes: tuple[Digest, ...] = ()
    group: str = ""
    index: str = ""
    ecosystem: str = "PyPI"
    locked: bool = False
    editable: bool = False
    name_region: Region | None = None
    specifier_region: Region | None = None
    hash_regions: tuple[Region, ...] = ()

    @property
    def line(self) -> int:
        return self.region.line

    @property
    def pinned(self) -> bool:
        """Whether only one thing can be installed for it: a version, a commit, or content with a digest."""
        return bool(self.version or self.hashes) or (self.kind == "repository" and is_commit(reference(self.url)))

    def component(self, file: str) -> Component:
        """The entry of a bill of materials; ``file`` is the name of the file it stands in."""
        return Component(
            name=canonical(self.name) if self.ecosystem == "PyPI" else self.name,
            version=self.version,
            ecosystem="" if self.ecosystem == "conda" else self.ecosystem,
            purl=self._purl(),
            specifier=self._asked(),
            hashes=self.hashes,
            origin=f"{file}:{self.line}" if file else str(self.line),
        )

    def _asked(self) -> str:
        """The specifier as PEP 440 spells it; ``*`` where any version will do."""
        from violet.formats.project.specifier import pep440

        if self.kind != "package" or self.ecosystem == "npm":
            return self.specifier
        return pep440(self.specifier, conda=self.ecosystem == "conda") or "*"

    def _purl(self) -> str:
        kinds = {"PyPI": "pypi", "conda": "conda", "npm": "npm"}
        kind = kinds.get(self.ecosystem, "generic")
        return purl(kind, canonical(self.name) if kind == "pypi" else self.name.lower(), self.version)


@dataclass(frozen=True, slots=True)
class Setting:
    """A line that says how or from where to install.

    ``kind`` is ``index``, ``extra-index``, ``links``, ``trusted-host``, ``include``, ``constraint``, ``channel``,
    ``option``, or ``command`` (a line that only a shell would do something with). ``name`` is what the file calls
    an index; ``explicit`` says that the index serves only the packages bound to it.
    """

    kind: str
    value: str
    text: str
    region: Region
    name: str = ""
    explicit: bool = False

    @property
    def line(self) -> int:
        return self.region.line


@dataclass(slots=True)
class DependencyFacts:
    """One file: ``file`` says of which sort (``requirements``, ``pyproject``, ``poetry.lock``, ...), ``problem`` why
    it could not be understood (``""``: it could), ``python`` is the range of Python versions it is for, ``own`` the
    project's own name."""

    document: Document
    file: str
    dependencies: list[Dependency] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    problem: str = ""
    python: str = ""
    own: str = ""
    locked_beside: bool = False
    """Whether a lock file lies beside it."""


def purl(kind: str, name: str, version: str = "") -> str:
    """A package URL. What a file says is encoded, so that no name can add a version or a qualifier of its own."""
    from urllib.parse import quote

    path = "/".join(quote(part, safe="") for part in name.split("/"))
    return f"pkg:{kind}/{path}" + (f"@{quote(version, safe='')}" if version else "")


def canonical(name: str) -> str:
    """A name as PEP 503 compares it."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def is_commit(text: str) -> bool:
    """Whether a reference names a commit by its full digest, which nobody can move."""
    return len(text) in (40, 64) and not text.lower().strip("0123456789abcdef")


def reference(url: str) -> str:
    """What stands behind the ``@`` of a repository's address: a commit, a tag or a branch."""
    path = url.partition("#")[0].partition("://")[2].partition("/")[2]
    return path.rpartition("@")[2] if "@" in path else ""


def digest(text: str) -> Digest | None:
    """``sha256:0123...`` as a digest; ``None`` where it is none, or none of a known algorithm: what nobody can check
    pins nothing."""
    algorithm, _, value = text.strip().partition(":")
    algorithm, value = algorithm.lower(), value.lower()
    if value.strip("0123456789abcdef") or len(value) != LENGTHS.get(algorithm, -1):
        return None
    return Digest(algorithm, value)


LENGTHS = {
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, "blake2s": 64,
    "sha3_256": 64, "sha3_384": 96, "sha3_512": 128,
}  # fmt: skip
"""Hexadecimal digits of a digest, by the names that pip, uv and conda know."""
