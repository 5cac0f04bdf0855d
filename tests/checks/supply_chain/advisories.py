"""A database of a few real advisories, in the form in which OSV publishes them, cut to what matters here."""

from __future__ import annotations

import datetime
import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

from violet.intel.osv import database_path
from violet.intel.osv.importer import update

if TYPE_CHECKING:
    from pathlib import Path


def entry(
    name: str, package: str, fixed: str, severity: str, summary: str, introduced: str = "0", ecosystem: str = "PyPI"
) -> dict[str, Any]:
    """One advisory in a package; ``fixed`` is empty where no version is clean."""
    events: list[dict[str, str]] = [{"introduced": introduced}]
    if fixed:
        events.append({"fixed": fixed})
    made: dict[str, Any] = {
        "schema_version": "1.7.0",
        "id": name,
        "modified": "2026-01-01T00:00:00Z",
        "summary": summary,
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [{"type": "SEMVER" if ecosystem == "npm" else "ECOSYSTEM", "events": events}],
            }
        ],
    }
    if severity:
        made["database_specific"] = {"severity": severity}
    return made


ENTRIES = [
    entry("GHSA-53q9-r3pm-6pq6", "torch", "2.6.0", "CRITICAL", "torch.load with weights_only=True runs code"),
    entry("GHSA-3749-ghw9-m3mg", "torch", "2.7.1rc1", "LOW", "A local denial of service in ctc_loss"),
    entry("GHSA-g7vv-2v7x-gj9p", "tqdm", "4.66.3", "LOW", "Options of the command line run code"),
    entry("GHSA-xxxx-high-high", "pillow", "10.3.0", "HIGH", "A buffer overflow"),
    entry("GHSA-35jh-r3h4-6jhm", "lodash", "4.17.21", "HIGH", "Command injection in lodash", ecosystem="npm"),
    entry("GHSA-29mw-wpgm-hmr9", "lodash", "4.17.9", "MODERATE", "A slow regular expression", ecosystem="npm"),
    entry("MAL-2022-7421", "acme-stealer", "", "", "Malicious code in acme-stealer"),
]


def imported(directory: Path) -> str:
    """Import them below ``directory``, and name that to the check. Gives the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    export = directory / "export.zip"
    with zipfile.ZipFile(export, "w") as archive:
        for one in ENTRIES:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    path = database_path(str(directory / "intel"))
    update([str(export)], path, now=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC))
    export.unlink()
    os.environ["VIOLET_INTEL_DIRECTORY"] = os.path.dirname(path)
    return os.path.dirname(path)
