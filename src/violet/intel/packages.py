"""Names of packages: ecosystems, releases of distributions, and package URLs.

Sources: the OSV format, "Defined ecosystems"; the Package-URL specification (ECMA-427) and its type definitions;
PEP 503 for names on PyPI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.component import Component

LONGEST = 2048
"""Characters of a package URL or name."""

GIT = "GIT"
"""The ecosystem of entries that name a repository instead of a package."""

_REPOSITORY_URL = frozenset({"Maven", "Packagist", "VSCode"})
"""Ecosystems whose suffix is the address of a repository, which does not tell packages apart here."""

_PURL = re.compile(r"pkg:/{0,2}([A-Za-z][A-Za-z0-9.+\-]*)/([^?#]+)(?:\?([^#]*))?(?:#.*)?", re.ASCII)
_ECOSYSTEMS = {
    "pypi": "PyPI", "npm": "npm", "cargo": "crates.io", "golang": "Go", "maven": "Maven", "nuget": "NuGet",
    "gem": "RubyGems", "composer": "Packagist", "hex": "Hex", "pub": "Pub", "cran": "CRAN", "conda": "conda",
    "bioconductor": "Bioconductor", "hackage": "Hackage", "swift": "SwiftURL", "conan": "ConanCenter",
    "bitnami": "Bitnami", "julia": "Julia", "opam": "opam", "vscode-extension": "VSCode",
    "githubactions": "GitHub Actions",
}  # fmt: skip
_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_DISTRIBUTIONS = {
    ("deb", "debian"): "Debian", ("deb", "ubuntu"): "Ubuntu", ("deb", "echo"): "Echo",
    ("apk", "alpine"): "Alpine", ("apk", "wolfi"): "Wolfi", ("apk", "chainguard"): "Chainguard",
    ("apk", "minimos"): "MinimOS", ("apk", "alpaquita"): "Alpaquita",
    ("rpm", "redhat"): "Red Hat", ("rpm", "rocky"): "Rocky Linux", ("rpm", "rocky-linux"): "Rocky Linux",
    ("rpm", "almalinux"): "AlmaLinux", ("rpm", "suse"): "SUSE", ("rpm", "opensuse"): "openSUSE",
    ("rpm", "mageia"): "Mageia", ("rpm", "openeuler"): "openEuler", ("rpm", "photon"): "Photon OS",
}  # fmt: skip
_DEBIAN_NAMES = {
    "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
}  # fmt: skip
_UBUNTU_NAMES = {"bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04", "resolute": "26.04"}


@dataclass(frozen=True, slots=True)
class Package:
    """A package as OSV would name it; ``release`` is that of a distribution (``12``, ``v3.18``), ``note`` says
    where the name was guessed."""

    ecosystem: str
    name: str
    version: str = ""
    release: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Purl:
    """A package URL taken apart; ``name`` and ``namespace`` are decoded, keys of ``qualifiers`` in lower case."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    def qualifier(self, name: str) -> str:
        return next((value for key, value in self.qualifiers if key == name), "")


@lru_cache(maxsize=65536)
def parse_purl(text: str) -> Purl | None:
    """The parts of a package URL; ``None`` where ``text`` is none."""
    if len(text) > LONGEST:
        return None
    match = _PURL.fullmatch(text.strip())
    if match is None:
        return None
    kind, path, query = match[1].lower(), match[2].strip("/"), match[3] or ""
    # The version follows the last @, unless that starts a namespace (pkg:npm/@scope/name, seen in the wild).
    head, at, version = path.rpartition("@")
    if not at or not head or "/" in version:
        head, version = path, ""
    namespace, _, name = head.rpartition("/")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return Purl(
        kind,
        _decoded(namespace),
        _decoded(name),
        _decoded(version),
        tuple(sorted((key.lower(), _decoded(value)) for key, _, value in pairs)),
    )


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="replace")


def package_of(component: Component) -> Package | None:
    """What to look up for a component; ``None`` where it is no package of an ecosystem."""
    if component.ecosystem and component.ecosystem != "conda":
        base, _, release = component.ecosystem.partition(":")
        return Package(base, canonical_name(base, component.name), component.version, release)
    purl = parse_purl(component.purl) if component.purl else None
    if purl is not None:
        return _of_purl(purl, component.version)
    if component.ecosystem == "conda":
        return _of_conda(component.name, component.version)
    return None


def _of_purl(purl: Purl, version: str) -> Package | None:
    version = version or purl.version
    distribution = _distribution(purl, version)
    if distribution is not None:
        return distribution
    if purl.type in _HOSTS or purl.qualifier("vcs_url"):
        url = purl.qualifier("vcs_url") or f"{_HOSTS[purl.type]}/{purl.namespace}/{purl.name}"
        if purl.type in _HOSTS or purl.type == "generic":
            return Package(GIT, repository(url.partition("@")[0] if "://" not in url else url), version)
    ecosystem = _ECOSYSTEMS.get(purl.type)
    if ecosystem is None:
        return None
    if ecosystem == "conda":
        return _of_conda(purl.name, version)
    separator = ":" if ecosystem == "Maven" else "." if ecosystem == "VSCode" else "/"
    name = f"{purl.namespace}{separator}{purl.name}" if purl.namespace else purl.name
    if ecosystem == "SwiftURL":
        name = f"https://{name}"
    return Package(ecosystem, canonical_name(ecosystem, name), version)


_CONDA_NAMES = {"pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "matplotlib-base": "matplotlib",
                "ray-core": "ray", "ray-default": "ray", "tensorflow-base": "tensorflow", "opencv": "opencv-python",
                "py-opencv": "opencv-python", "pyarrow-core": "pyarrow"}  # fmt: skip


def _of_conda(name: str, version: str) -> Package:
    """OSV has no advisories for conda; its packages of Python projects carry these projects' versions."""
    known = _CONDA_NAMES.get(name.lower(), name)
    note = f"the conda package {name} is taken for {known} on PyPI"
    return Package("PyPI", canonical_name("PyPI", known), version, note=note)


def _distribution(purl: Purl, version: str) -> Package | None:
    base = _DISTRIBUTIONS.get((purl.type, purl.namespace.lower()))
    if base is None:
        return None
    # OSV names source packages; ``upstream`` is where generators of BOMs write the source, ``name@version`` at times.
    source, _, source_version = purl.qualifier("upstream").partition("@")
    epoch = purl.qualifier("epoch")
    if epoch and ":" not in version:
        version = f"{epoch}:{version}"
    return Package(base, source or purl.name, source_version or version, _release(base, purl.qualifier("distro")))


def _release(base: str, distro: str) -> str:
    """``debian-12``, ``bookworm``, ``alpine-3.18.4``, ``ubuntu-22.04``, ``rocky-9.3``: the release that OSV names."""
    word = distro.lower()
    number = word.rpartition("-")[2]
    if base == "Debian":
        return _DEBIAN_NAMES.get(number, number.partition(".")[0])
    if base == "Ubuntu":
        return _UBUNTU_NAMES.get(number, number)
    if base == "Alpine" and number:
        return "v" + ".".join(number.removeprefix("v").split(".")[:2])
    if base in ("Rocky Linux", "AlmaLinux"):
        return number.partition(".")[0]
    return number


def canonical_name(ecosystem: str, name: str) -> str:
    """The one spelling under which a package is looked up in its ecosystem."""
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name.strip()).lower()
    if ecosystem in ("NuGet", "Packagist", "GitHub Actions", "VSCode", "Hex", "Pub"):
        return name.lower()
    if ecosystem == "crates.io":
        return name.lower().replace("_", "-")
    if ecosystem in (GIT, "SwiftURL"):
        return repository(name)
    return name


def ecosystem_named(text: str) -> str:
    """An ecosystem as OSV spells it, from that in any case or from the type of a package URL (``cargo``)."""
    from violet.intel.versions import ecosystems

    base, colon, release = text.partition(":")
    known = {name.lower(): name for name in ecosystems()}
    name = known.get(base.lower()) or _ECOSYSTEMS.get(base.lower()) or base
    return f"{name}{colon}{release}"


def repository(url: str) -> str:
    """``github.com/owner/name`` for every way to write the address of a repository."""
    text = url.strip().removeprefix("git+").partition("#")[0]
    text = text.partition("://")[2] or text
    text = text.rpartition("@")[2] if "@" in text.partition("/")[0] else text
    text = text.partition("@")[0].rstrip("/").removesuffix(".git")
    if ":" in text.partition("/")[0] and not re.match(r"[^/:]+:[0-9]+/", text):
        text = text.replace(":", "/", 1)  # git@host:owner/name
    return text.lower()


def releases_agree(ecosystem: str, asked: str, entry: str) -> bool | None:
    """Whether an entry for the release ``entry`` speaks of the release ``asked``; ``None``: cannot be told.

    An entry without a release speaks of all of them.
    """
    if asked == entry or not entry or ecosystem in _REPOSITORY_URL:
        return True
    if not asked:
        return None
    if ecosystem == "Ubuntu":
        return _plain_ubuntu(asked) == _plain_ubuntu(entry)
    if ecosystem in ("Debian", "Rocky Linux", "AlmaLinux", "openEuler", "Mageia"):
        return asked.startswith(f"{entry}.")
    if ecosystem == "Alpine":
        return f"v{asked.removeprefix('v')}.".startswith(f"{entry}.")
    return False


def _plain_ubuntu(release: str) -> str:
    return ":".join(part for part in release.split(":") if part not in ("Pro", "LTS"))
