"""The distributions that are installed in a Python environment, from their own metadata.

Reads ``*.dist-info/METADATA`` (core metadata 1.0 to 2.4: Version, License-Expression, License, classifiers),
``RECORD`` and ``direct_url.json`` (PEP 610). Nothing of the environment is imported.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
from typing import TYPE_CHECKING

from violet.domain import Digest, UsageError
from violet.domain.component import Component
from violet.formats.project.facts import purl
from violet.provenance.bom.licenses import expression, normal_license
from violet.provenance.bom.observation import clean
from violet.provenance.signing.place import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 4 << 20
LARGEST_RECORD = 64 << 20
MOST_DISTRIBUTIONS = 20_000
_CLASSIFIERS = {
    "MIT License": "MIT", "Apache Software License": "Apache-2.0", "BSD License": "BSD", "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense", "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only", "zlib/libpng License": "Zlib",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}  # fmt: skip


def installed(place: str) -> tuple[Component, ...]:
    """The distributions in a virtual environment or site-packages directory (``""``: of this interpreter), sorted by
    name. Raises ``UsageError`` where there is no environment."""
    folders = list(_folders(place))
    if not folders:
        raise UsageError(
            f"{place} is no Python environment: it has no site-packages directory.",
            "Name a virtual environment, or the site-packages directory itself.",
        )
    found: dict[str, Component] = {}
    for folder in folders:
        for info in sorted(glob.glob(os.path.join(glob.escape(folder), "*.dist-info")))[:MOST_DISTRIBUTIONS]:
            part = distribution(info)
            if part is not None:
                found.setdefault(part.name, part)  # the first directory on the path is the one that is imported from
    return tuple(found[name] for name in sorted(found))


def _folders(place: str) -> Iterable[str]:
    if not place:
        import sysconfig

        yield from dict.fromkeys(
            path for path in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")) if path
        )
        return
    if glob.glob(os.path.join(glob.escape(place), "*.dist-info")):
        yield place
        return
    for pattern in ("lib/python3*/site-packages", "lib64/python3*/site-packages", "Lib/site-packages"):
        yield from sorted(glob.glob(os.path.join(glob.escape(place), pattern)))


def distribution(info: str) -> Component | None:
    """The distribution that a ``.dist-info`` directory describes; ``None`` where it has no readable metadata."""
    from email.parser import HeaderParser

    text = _text(os.path.join(info, "METADATA"))
    if not text:
        return None
    headers = HeaderParser().parsestr(text)
    name = str(headers.get("Name") or "").strip()
    version = clean(str(headers.get("Version") or "").strip(), 200)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}", name):
        return None
    name = re.sub(r"[-_.]+", "-", name).lower()
    return Component(
        name=name,
        version=version,
        type="library",
        ecosystem="PyPI",
        purl=purl("pypi", name, version),
        hashes=tuple(_hashes(info)),
        licenses=_licenses(headers),
        origin=f"{os.path.basename(info)}/METADATA",
    )


def _text(path: str) -> str:
    try:
        content = read_bounded(path, LARGEST)  # a regular file: opening a pipe would wait for ever
    except OSError:
        return ""
    return "" if content is None else content.decode("utf-8", "replace")


def _licenses(headers: object) -> tuple[str, ...]:
    """The expression of the metadata; else what its free text or classifiers name."""
    get = headers.get  # type: ignore[attr-defined]
    declared = str(get("License-Expression") or "").strip()
    if declared:
        return (clean(normal_license(declared), 200),)
    free = str(get("License") or "").strip()
    if free and expression(free):
        return (expression(free),)
    prefix = "License :: OSI Approved :: "
    named = [
        str(value).removeprefix(prefix)
        for value in headers.get_all("Classifier") or ()  # type: ignore[attr-defined]
        if str(value).startswith(prefix)
    ]
    if named:
        return tuple(sorted({clean(_CLASSIFIERS.get(text, text), 200) for text in named}))
    first = free.splitlines()[0].strip() if free else ""
    return (clean(first, 100),) if first and first.upper() != "UNKNOWN" else ()


def _hashes(info: str) -> Iterable[Digest]:
    """Digests of the archive it was installed from, where the installer noted them (PEP 610)."""
    text = _text(os.path.join(info, "direct_url.json"))
    if not text:
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    archive = value.get("archive_info") if isinstance(value, dict) else None
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    for algorithm, content in hashes.items() if isinstance(hashes, dict) else ():
        if isinstance(content, str) and re.fullmatch(r"[0-9a-f]{32,128}", content):
            yield Digest(clean(str(algorithm), 20), content)


def record_digests(place: str) -> dict[str, str]:
    """SHA-256 of every distribution's ``RECORD``, by name: it lists the digest of each installed file, so it stands
    for all of them (``sha256sum NAME.dist-info/RECORD``)."""
    import hashlib

    found: dict[str, str] = {}
    for folder in _folders(place):
        for info in sorted(glob.glob(os.path.join(glob.escape(folder), "*.dist-info")))[:MOST_DISTRIBUTIONS]:
            part = distribution(info)
            try:
                content = read_bounded(os.path.join(info, "RECORD"), LARGEST_RECORD)
            except OSError:
                continue
            if part is not None and content is not None:
                found.setdefault(part.name, hashlib.sha256(content).hexdigest())
    return found


def interpreter() -> str:
    """The version of the interpreter that runs Violet."""
    return ".".join(map(str, sys.version_info[:3]))
