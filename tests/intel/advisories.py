"""Advisories on machine-learning packages, as OSV entries, for tests. Ids, versions and vectors are facts; the words
are ours.

Sources: pypa/advisory-database, files PYSEC-2022-43015 (torch), PYSEC-2021-856 (numpy), PYSEC-2024-51 (mlflow) and
PYSEC-2023-249 (gradio); GHSA-53q9-r3pm-6pq6 (torch); GHSA-48g7-3x6r-xfhp and GHSA-c9rc-mg46-23w3 (keras);
the NVD entries CVE-2025-1716 (picklescan), CVE-2023-6730 (transformers) and CVE-2023-48022 (ray, disputed).
"""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from violet.intel.osv.importer import Imported, update

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)

Json = dict[str, Any]


def entry(
    identifier: str,
    package: str,
    *events: tuple[str, str],
    ecosystem: str = "PyPI",
    kind: str = "ECOSYSTEM",
    versions: Iterable[str] = (),
    aliases: Iterable[str] = (),
    vector: str = "",
    modified: str = "2026-11-20T00:00:00Z",
    **more: Any,
) -> Json:
    """One entry about one package: ``entry("X-1", "torch", ("introduced", "0"), ("fixed", "2.6.0"))``."""
    affected: Json = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": kind, "events": [{name: version} for name, version in events]}]
    if versions:
        affected["versions"] = list(versions)
    found: Json = {
        "schema_version": "1.7.3",
        "id": identifier,
        "modified": modified,
        "published": "2026-01-01T00:00:00Z",
        "affected": [affected],
    }
    if aliases:
        found["aliases"] = list(aliases)
    if vector:
        system = "CVSS_V4" if ":4.0" in vector else "CVSS_V3" if ":3" in vector else "CVSS_V2"
        found["severity"] = [{"type": system, "score": vector}]
    return found | more


ZERO = ("introduced", "0")

ML = (
    entry(
        "GHSA-53q9-r3pm-6pq6",
        "torch",
        ZERO,
        ("fixed", "2.6.0"),
        aliases=["CVE-2025-32434"],
        vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        published="2025-04-18T15:00:00Z",
        summary="torch.load runs code although weights_only is set",
    ),
    entry(
        "PYSEC-2025-41",
        "torch",
        ZERO,
        ("fixed", "2.6.0"),
        versions=["1.0.0", "2.5.0", "2.5.1"],
        aliases=["CVE-2025-32434", "GHSA-53q9-r3pm-6pq6"],
        published="2025-04-19T00:00:00Z",
        details="Loading a model runs code. More words follow.",
    ),
    entry(
        "PYSEC-2022-43015",
        "torch",
        ZERO,
        ("fixed", "1.13.1"),
        versions=["1.0.0", "1.0.1.post2", "1.13.0"],
        aliases=["CVE-2022-45907"],
        published="2022-11-26T02:15:00Z",
    ),
    entry(
        "PYSEC-2021-856",
        "numpy",
        ZERO,
        ("fixed", "1.19.1"),
        versions=["1.0", "1.0b5", "1.19.0"],
        aliases=["CVE-2021-41495"],
    ),
    entry("PYSEC-2024-51", "mlflow", ZERO, ("fixed", "2.10.1"), versions=["2.10.0"], aliases=["CVE-2024-4263"]),
    entry(
        "PYSEC-2023-249",
        "gradio",
        ZERO,
        ("fixed", "4.11.0"),
        aliases=["CVE-2023-51449", "GHSA-6qm2-wpxq-7qh2"],
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    ),
    entry(
        "GHSA-48g7-3x6r-xfhp",
        "keras",
        ("introduced", "3.0.0"),
        ("fixed", "3.9.0"),
        aliases=["CVE-2025-1550"],
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        summary="A .keras archive runs code although safe_mode is on",
    ),
    entry(
        "GHSA-c9rc-mg46-23w3",
        "keras",
        ("introduced", "3.0.0"),
        ("fixed", "3.11.0"),
        aliases=["CVE-2025-8747"],
        vector="CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
    ),
    entry("CVE-2025-1716", "picklescan", ZERO, ("fixed", "0.0.21")),
    entry("CVE-2023-6730", "transformers", ZERO, ("fixed", "4.36.0")),
    entry("CVE-2023-48022", "ray", ZERO),
)


def archive(path: Path, entries: Iterable[Json]) -> Path:
    """An export as OSV publishes it: one JSON file an entry."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for value in entries:
            file.writestr(f"{value.get('id', 'none')}.json", json.dumps(value))
    return path


def imported(directory: Path, entries: Iterable[Json], now: datetime.datetime = NOW) -> Path:
    """A directory with a database of these entries."""
    directory.mkdir(parents=True, exist_ok=True)
    add(directory, entries, now)
    return directory


def add(directory: Path, entries: Iterable[Json], now: datetime.datetime = NOW, **more: Any) -> Imported:
    source = archive(directory / "export.zip", entries)
    try:
        return update([str(source)], str(directory / "advisories.db"), now=now, **more)[0]
    finally:
        source.unlink()
