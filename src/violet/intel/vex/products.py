"""Whether a VEX statement is about a match, and which of several holds.

Source: OpenVEX specification 0.2.0, "Product Data Structure"; Package-URL specification, for what a purl without
version or qualifiers stands for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.vulnerability import VexStatus
from violet.intel.packages import Purl, package_of, parse_purl
from violet.intel.versions import InvalidVersionError, scheme_for

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from violet.domain.component import Component
    from violet.domain.vulnerability import Match, VexProduct, VexStatement

_CAUTION = (VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION, VexStatus.FIXED, VexStatus.NOT_AFFECTED)
"""Of two statements of one time the one that comes first here holds."""

_TYPES = {"PyPI": "pypi", "npm": "npm", "crates.io": "cargo", "Go": "golang", "NuGet": "nuget", "RubyGems": "gem",
          "Packagist": "composer", "Hex": "hex", "Pub": "pub", "CRAN": "cran", "Hackage": "hackage"}  # fmt: skip


class Statements:
    """Statements by the vulnerability they are about, and what they may be about besides components.

    ``subject`` is what the components are in: statements about it, or about a component as part of it, hold for
    them. Statements dated after ``now`` do not hold yet.
    """

    def __init__(
        self, statements: Iterable[VexStatement], now: datetime.datetime, subject: Component | None = None
    ) -> None:
        self._by_name: dict[str, list[VexStatement]] = {}
        self._subject = subject
        self.early = 0
        for statement in statements:
            if statement.timestamp > now:
                self.early += 1
                continue
            for name in {statement.vulnerability, *statement.aliases}:
                self._by_name.setdefault(name.upper(), []).append(statement)

    def apply(self, match: Match) -> Match:
        """The match with the statement that holds for it, if one does."""
        if not self._by_name:
            return match
        names = match.names
        if len(match.upstream) == 1:  # a distribution's entry about exactly one problem of upstream
            names = (*names, *match.upstream)
        found: dict[int, VexStatement] = {}
        for name in names:
            for statement in self._by_name.get(name.upper(), ()):
                if any(self._covers(product, match.component) for product in statement.products):
                    found[id(statement)] = statement
        if not found:
            return match
        held = max(found.values(), key=lambda s: (s.timestamp, -_CAUTION.index(s.status)))
        return replace(match, vex=held)

    def _covers(self, product: VexProduct, component: Component) -> bool:
        if not product.subcomponents and product_matches(product, component):
            return True
        if self._subject is None or not product_matches(product, self._subject, by_name=True):
            return False
        return not product.subcomponents or any(product_matches(sub, component) for sub in product.subcomponents)


def product_matches(product: VexProduct, component: Component, *, by_name: bool = False) -> bool:
    """One of the digests is the component's, or one of the identifiers stands for it.

    A purl without a version stands for all versions, one without qualifiers for all variants; a product with
    digests of other content than the component's is not it, whatever its name. A plain name is no
    identifier, as many things share one; ``by_name`` takes it for what the components are in.
    """
    own = {f"{digest.algorithm}:{digest.value}" for digest in component.hashes}
    if own and product.hashes:
        kinds = {entry.partition(":")[0] for entry in product.hashes}
        if comparable := {entry for entry in own if entry.partition(":")[0] in kinds}:
            return not comparable.isdisjoint(product.hashes)
    if by_name and component.name in product.identifiers:
        return True
    return any(_identifies(identifier, component) for identifier in product.identifiers)


def _identifies(identifier: str, component: Component) -> bool:
    purl = parse_purl(identifier)
    if purl is None:
        return False
    own = parse_purl(purl_of(component))
    if own is None or not _same_package(purl, own):
        return False
    if purl.version and not _same_version(purl, own):
        return False
    mine = dict(own.qualifiers)
    return all(mine.get(key) == value for key, value in purl.qualifiers)


def _same_package(one: Purl, other: Purl) -> bool:
    if one.type != other.type:
        return False
    if one.type in ("pypi", "npm", "nuget", "cargo", "composer", "github"):
        names = [_package_name(purl) for purl in (one, other)]
        return names[0] == names[1]
    return (one.namespace, one.name) == (other.namespace, other.name)


def _package_name(purl: Purl) -> str:
    from violet.domain.component import Component

    found = package_of(Component(purl.name, purl=_written(purl)))
    return found.name if found else f"{purl.namespace}/{purl.name}".lower()


def _same_version(one: Purl, other: Purl) -> bool:
    if one.version == other.version:
        return True
    from violet.domain.component import Component

    package = package_of(Component(one.name, purl=_written(one)))
    scheme = scheme_for(package.ecosystem) if package else None
    if scheme is None or not other.version:
        return False
    try:
        return scheme.key(one.version) == scheme.key(other.version)
    except InvalidVersionError:
        return False


def _written(purl: Purl) -> str:
    from urllib.parse import quote

    path = "/".join(quote(part, safe="") for part in (*purl.namespace.split("/"), purl.name) if part)
    return f"pkg:{purl.type}/{path}"


def purl_of(component: Component) -> str:
    """The component's package URL with its version; made up from ecosystem and name where it has none."""
    from urllib.parse import quote

    if component.purl:
        purl = parse_purl(component.purl)
        if purl is None or purl.version or not component.version:
            return component.purl
        head, mark, query = component.purl.partition("?")
        return f"{head}@{quote(component.version, safe='')}{mark}{query}"
    kind = _TYPES.get(component.ecosystem.partition(":")[0])
    version = f"@{quote(component.version, safe='')}" if component.version else ""
    if kind:
        name = "/".join(quote(part, safe="") for part in component.name.split("/"))
        return f"pkg:{kind}/{name.lower() if kind == 'pypi' else name}{version}"
    if component.ecosystem == "Maven":
        return f"pkg:maven/{component.name.replace(':', '/')}{version}"
    return f"pkg:generic/{quote(component.name, safe='')}{version}"
