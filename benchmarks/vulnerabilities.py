"""Matching 50,000 components against a full-size set of advisories.

    python benchmarks/vulnerabilities.py                 build the set (once), import it, match, compare
    python benchmarks/vulnerabilities.py --scale 0.05    a twentieth of it, for a first look
    ... --keep DIRECTORY                                 where the set is kept (default: a temporary one)

The set is synthetic and made from a seed, as many entries as the public exports had:

- npm 228,684 entries (222 MB zipped, 360 MB of JSON) and PyPI 25,297 (34 MB, 68 MB): counted in September 2026 in
  getnora-io/nora issue 923; nearly all of npm's are malicious packages (209,647 of 214,057 in January 2026:
  google/osv-scanner pull request 2449);
- 519,760 entries in the ten ecosystems PyPI, npm, Go, Maven, RubyGems, crates.io, Packagist, NuGet, Debian and
  Alpine: "Reconciling 15 OSS vulnerability databases", April 2026. How the rest divides among the other eight is
  our own guess.

Two lists of components are matched: one in which a tenth are of packages that advisories name, which is much for a
bill of materials, and one in which half are. Every figure is measured in this run, on this machine. pip-audit 2.10
cannot take part: its services ask servers, which do the matching, and read no export. osv-scanner is no Python
package.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import platform
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from measure import once  # noqa: E402

SEED = 20261123
COMPONENTS = 50_000
SIZES = {
    "npm": 228_684, "PyPI": 25_297, "Go": 9_000, "Maven": 8_000, "Packagist": 7_000, "NuGet": 3_000,
    "RubyGems": 3_000, "crates.io": 2_500, "Alpine:v3.20": 5_000, "Debian:12": 228_279,
}  # fmt: skip
"""Entries of each export; together 519,760."""

MALICIOUS = {"npm": 0.979, "PyPI": 0.35}
PURLS = {
    "npm": "npm", "PyPI": "pypi", "Go": "golang", "Maven": "maven", "Packagist": "composer", "NuGet": "nuget",
    "RubyGems": "gem", "crates.io": "cargo",
}  # fmt: skip
VECTORS = (
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
    "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:C/C:L/I:L/A:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
)


# -- the set -----------------------------------------------------------------------------------------


def build(home: Path, scale: float) -> list[Path]:
    """One archive an ecosystem, as OSV's exports are."""
    home.mkdir(parents=True, exist_ok=True)
    paths = []
    for ecosystem, size in SIZES.items():
        path = home / f"{ecosystem.replace(':', '-')}-{scale:g}.zip"
        paths.append(path)
        if not path.exists():
            generator = random.Random(f"{SEED} {ecosystem}")
            temporary = path.with_suffix(".part")
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for entry in entries(ecosystem, max(10, int(size * scale)), generator):
                    archive.writestr(f"{entry['id']}.json", json.dumps(entry))
            temporary.rename(path)
    return paths


def entries(ecosystem: str, count: int, generator: random.Random) -> Iterator[dict[str, Any]]:
    malicious = int(count * MALICIOUS.get(ecosystem, 0))
    for number in range(malicious):
        yield entry(ecosystem, f"MAL-2026-{ecosystem}-{number}", f"bad-{number}", ["1.0.0", "1.0.1"], [], generator)
    packages = max(5, (count - malicious) // 5)
    for number in range(count - malicious):
        # Few packages have most of the advisories, as it is with popular ones.
        package = int(packages * generator.random() ** 2)
        name = package_name(ecosystem, package)
        low, high = sorted(generator.sample(range(1, 60), 2))
        listed = [f"{major}.{minor}.0" for major in range(1, 7) for minor in range(10)]
        first, last = ("0" if generator.random() < 0.6 else listed[low]), listed[high]
        affected = listed[0 if first == "0" else low : high]
        events = [{"introduced": first}, {"fixed": last}]
        if ecosystem in ("npm", "Go", "crates.io"):
            affected = []
        prefix = "PYSEC-2026" if ecosystem == "PyPI" and number % 3 == 0 else f"GHSA-{ecosystem[:4]}"
        identifier = f"{prefix}-{ecosystem}-{number}".replace(":", "-").replace(" ", "")
        yield entry(ecosystem, identifier, name, affected, events, generator, number)


def entry(
    ecosystem: str,
    identifier: str,
    package: str,
    versions: list[str],
    events: list[dict[str, str]],
    generator: random.Random,
    number: int = 0,
) -> dict[str, Any]:
    kind = "SEMVER" if ecosystem in ("npm", "Go", "crates.io") else "ECOSYSTEM"
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": kind, "events": events}]
    if versions:
        affected["versions"] = versions
    found: dict[str, Any] = {
        "schema_version": "1.7.3",
        "id": identifier,
        "modified": f"2026-{generator.randrange(1, 12):02}-{generator.randrange(1, 28):02}T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "summary": f"A problem in {package}",
        "details": "word " * generator.randrange(40, 250),
        "affected": [affected],
        "references": [{"type": "WEB", "url": f"https://example.org/{identifier}/{i}"} for i in range(4)],
        "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-502"]},
    }
    if events:
        found["aliases"] = [f"CVE-2026-{ecosystem.partition(':')[0]}{number // 2}"]
        vector = generator.choice(VECTORS)
        found["severity"] = [{"type": "CVSS_V4" if ":4.0" in vector else "CVSS_V3", "score": vector}]
    return found


def package_name(ecosystem: str, number: int) -> str:
    if ecosystem == "Maven":
        return f"org.example:part-{number}"
    if ecosystem == "Go":
        return f"example.org/module-{number}"
    if ecosystem == "Packagist":
        return f"vendor/part-{number}"
    return f"part-{number}"


def components(scale: float, named: float) -> list[dict[str, Any]]:
    """CycloneDX components, of which the share ``named`` are of packages that advisories name."""
    generator = random.Random(f"{SEED} {named}")
    found: list[dict[str, Any]] = []
    seen = set()
    names = list(PURLS)
    while len(found) < COMPONENTS * min(1.0, scale * 4):
        ecosystem = generator.choice(names)
        size = int(SIZES[ecosystem] * scale * (1 - MALICIOUS.get(ecosystem, 0)))
        number = generator.randrange(max(5, size // 5)) + (0 if generator.random() < named else 1_000_000)
        version = f"{generator.randrange(1, 7)}.{generator.randrange(10)}.{generator.randrange(3)}"
        name = package_name(ecosystem, number)
        if (ecosystem, name, version) in seen:
            continue
        seen.add((ecosystem, name, version))
        path = name.replace(":", "/")
        purl = f"pkg:{PURLS[ecosystem]}/{path}@{version}"
        found.append({"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl})
    return found


# -- what is measured ------------------------------------------------------------------------------------


def naive(paths: list[Path], wanted: list[dict[str, Any]], sample: int) -> float:
    """Seconds of CPU that a plain loop over all entries would take for all components: measured on a few, with
    ``packaging`` for versions and everything already parsed."""
    from packaging.version import Version

    loaded: list[tuple[str, str, list[tuple[str, str]]]] = []
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                value = json.loads(archive.read(name))
                for affected in value["affected"]:
                    package = affected["package"]
                    events = [next(iter(e.items())) for r in affected.get("ranges", ()) for e in r["events"]]
                    loaded.append((package["ecosystem"], package["name"], events))
    kinds = {kind: ecosystem for ecosystem, kind in PURLS.items()}
    started = time.process_time()
    for component in wanted[:sample]:
        ecosystem = kinds[component["purl"].partition("/")[0].removeprefix("pkg:")]
        for kind, name, events in loaded:
            if kind == ecosystem and name == component["name"] and events:
                first, last = events[0][1], events[1][1]
                version = Version(component["version"])
                _ = (first == "0" or version >= Version(first)) and version < Version(last)
    return (time.process_time() - started) / sample * len(wanted)


def in_process(database: Path, wanted: list[dict[str, Any]]) -> tuple[float, float, float, int, int]:
    """Seconds to open; seconds and seconds of CPU to match; how many problems and components that is."""
    from violet.domain.component import Component
    from violet.services.vulnerabilities import match

    listed = [Component(c["name"], c["version"], purl=c["purl"]) for c in wanted]
    from violet.intel.osv import open_database

    gc.set_threshold(100_000, 20, 20)  # as the command does
    started = time.perf_counter()
    opened = open_database(str(database))
    opened.knows_ecosystem("PyPI")
    ready, cpu = time.perf_counter(), time.process_time()
    report = match(listed, database=opened, now=datetime.datetime.now(datetime.UTC))
    ended = time.perf_counter(), time.process_time()
    return ready - started, ended[0] - ready, ended[1] - cpu, len(report.matches), len(listed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--naive", type=int, default=200, help="components of the naive scan (0: leave it out)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.keep or Path(temporary)
        print(f"# {platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
        paths = build(home, arguments.scale)
        zipped = sum(path.stat().st_size for path in paths)
        count = sum(max(10, int(size * arguments.scale)) for size in SIZES.values())
        print(f"set: {count:,} entries, {zipped / 1e6:.0f} MB zipped", flush=True)
        wanted = components(arguments.scale, 0.1)
        bom = home / "components.cdx.json"
        bom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": wanted}))
        violet = [str(Path(sys.executable).with_name("violet"))]
        place = home / "database"
        ran = once([*violet, "intel", "update", "--replace", "--directory", str(place), *map(str, paths)], 3600)
        assert ran is not None
        size = (place / "advisories.db").stat().st_size
        took = f"{ran.wall:.1f} s ({ran.cpu:.1f} s of CPU)"
        print(f"import: {took}, {ran.memory:.0f} MiB, exit {ran.code}; database {size / (1 << 20):.0f} MiB", flush=True)
        ran = once([*violet, "intel", "update", "--directory", str(place), *map(str, paths)], 3600)
        assert ran is not None
        print(f"import again: {ran.wall:.1f} s")
        for share, listed in ((0.1, wanted), (0.5, components(arguments.scale, 0.5))):
            opening, matching, cpu, problems, count = in_process(place, listed)
            print(f"open: {opening * 1000:.1f} ms")
            took = f"{matching:.2f} s ({cpu:.2f} s of CPU)"
            print(f"match, {share:.0%} named: {count:,} components in {took}, {problems:,} problems", flush=True)
        for name in ("first run", "second run"):
            command = [*violet, "intel", "match", str(bom), "--directory", str(place), "--format", "json"]
            ran = once([*command, "--output", str(home / "report.json")], 600)
            assert ran is not None
            took = f"{ran.wall:.2f} s ({ran.cpu:.2f} s of CPU)"
            print(f"match, whole command, {name}: {took}, {ran.memory:.0f} MiB, exit {ran.code}", flush=True)
        one = once([*violet, "intel", "match", "--package", "part-1==2.0.0", "--directory", str(place)], 60)
        assert one is not None
        print(
            f"one package, whole command: {one.wall * 1000:.0f} ms ({one.cpu * 1000:.0f} of CPU), {one.memory:.0f} MiB"
        )
        if arguments.naive:
            seconds = naive(paths, wanted, min(arguments.naive, len(wanted)))
            print(f"naive scan of parsed entries: {seconds:,.0f} s of CPU for all (from {arguments.naive} components)")


if __name__ == "__main__":
    main()
