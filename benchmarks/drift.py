"""Drift of many columns beside other libraries: seconds, CPU, memory, and how far figures are from exact ones.

    python benchmarks/drift.py [--rows 1000000] [--reference 100000] [--columns 50] [--only violet,scipy] [--repeats 1]

Every library compares the same two Parquet files, as a whole process in an environment of its own (below
VIOLET_BENCH_HOME), on one thread. Violet is measured twice more in parts: reading alone, and counting and comparing
what is in memory. Exact figures are SciPy's, of all raw values.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measure import Timing, alternate
from peers import HOME, environment

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS", "POLARS_MAX_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Library:
    """``code`` compares ``sys.argv[1]`` with ``sys.argv[2]`` and writes ``{"ks": {column: figure}, ...}`` to
    ``sys.argv[3]``; ``does`` says what for each column."""

    name: str
    requirements: tuple[str, ...]
    does: str
    code: str


WRITE = """
import json, sys
def write(**figures):
    with open(sys.argv[3], "w") as file:
        json.dump({k: {str(c): float(v) for c, v in d.items()} for k, d in figures.items()}, file)
"""

VIOLET = """
import sys
from violet.services.drifting.compare import compare
from violet.services.drifting.options import DriftOptions
drift = compare(DriftOptions(sys.argv[1], sys.argv[2])).drift
write(ks={c.name: c.ks for c in drift.columns}, psi={c.name: c.psi for c in drift.columns},
      wasserstein={c.name: c.wasserstein_normed for c in drift.columns})
"""

LIBRARIES = (
    Library(
        "scipy",
        ("scipy", "pandas", "pyarrow"),
        "KS",
        """
import pandas, sys
from scipy import stats
a, b = pandas.read_parquet(sys.argv[1]), pandas.read_parquet(sys.argv[2])
write(ks={c: stats.ks_2samp(a[c], b[c], method="asymp").statistic for c in a})
""",
    ),
    Library(
        "frouros",
        ("frouros", "pyarrow"),
        "PSI",
        """
import sys
import pyarrow.parquet as parquet
from frouros.detectors.data_drift import PSI
a, b = parquet.read_table(sys.argv[1]), parquet.read_table(sys.argv[2])
found = {}
for c in a.column_names:
    detector = PSI()
    detector.fit(X=a[c].to_numpy())
    found[c] = detector.compare(X=b[c].to_numpy())[0].distance
write(psi=found)
""",
    ),
    Library(
        "nannyml",
        ("nannyml", "statsmodels", "pyarrow"),
        "KS, JS, Wasserstein",
        """
import pandas, sys, nannyml
a, b = pandas.read_parquet(sys.argv[1]), pandas.read_parquet(sys.argv[2])
names = list(a)
calculator = nannyml.UnivariateDriftCalculator(
    column_names=names, continuous_methods=["kolmogorov_smirnov", "jensen_shannon", "wasserstein"], chunk_number=1)
frame = calculator.fit(a).calculate(b).to_df()
write(ks={c: frame[(c, "kolmogorov_smirnov", "value")].iloc[-1] for c in names})
""",
    ),
    Library(
        "whylogs",
        ("whylogs", "ipython", "scipy", "pandas", "pyarrow"),
        "KS of sketches",
        """
import pandas, sys, whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores
a, b = pandas.read_parquet(sys.argv[1]), pandas.read_parquet(sys.argv[2])
before, after = whylogs.log(a).view(), whylogs.log(b).view()
scores = calculate_drift_scores(target_view=after, reference_view=before, with_thresholds=False)
write(ks={c: s["statistic"] for c, s in scores.items() if s and s.get("algorithm") == "ks"})
""",
    ),
    Library(
        "evidently",
        ("evidently", "pandas<3", "pyarrow"),
        "Wasserstein, report",
        """
import pandas, sys
from evidently import Report
from evidently.presets import DataDriftPreset
a, b = pandas.read_parquet(sys.argv[1]), pandas.read_parquet(sys.argv[2])
snapshot = Report([DataDriftPreset()]).run(b, a)
found = {}
for metric in snapshot.dict()["metrics"]:
    text = str(metric.get("metric_name") or metric.get("metric_id"))
    if text.startswith("ValueDrift"):
        found[text.partition("column=")[2].partition(",")[0].rstrip(")")] = metric["value"]
write(wasserstein=found)
""",
    ),
)

PARTS = {
    "violet, reading alone": """
import sys
from violet.services.drifting.options import Roles
from violet.services.drifting.reading import open_source
for path in sys.argv[1:3]:
    for chunk in open_source(path, Roles()).chunks():
        pass
write()
""",
}


def make(home: Path, rows: int, reference: int, columns: int) -> tuple[Path, Path]:
    """Columns of ten kinds, one in five of them moved."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    made = []
    for name, count, seed in (("reference", reference, 0), ("current", rows, 1)):
        path = home / f"{name}-{count}x{columns}.parquet"
        made.append(path)
        if path.exists():
            continue
        rng = np.random.default_rng(seed)
        table = {f"c{place}": column(rng, count, place, moved=seed == 1 and place % 5 == 4) for place in range(columns)}
        parquet.write_table(arrow.table(table), path, compression="snappy")
    return made[0], made[1]


def column(rng: np.random.Generator, rows: int, place: int, *, moved: bool) -> Any:
    z = rng.standard_normal(rows)
    kind, more = place % 10, 1.2 if moved else 1.0
    if kind == 0:
        return z * more
    if kind == 1:
        return np.where(rng.random(rows) < 0.6 / more, 0.0, np.exp(z))
    if kind == 2:
        return np.exp(2 * z) * more
    if kind == 3:
        return rng.poisson(4 * more, rows).astype(np.float64)
    if kind == 4:
        return rng.random(rows) ** more
    if kind == 5:
        return np.where(rng.random(rows) < 0.5 / more, 1e-2 * z, 1e3 + 1e-2 * z)
    if kind == 6:
        return 1e9 + z * more
    if kind == 7:
        return rng.standard_cauchy(rows) * more
    if kind == 8:
        return np.where(rng.random(rows) < 0.02, -999.0, z * more)
    return np.round(1e4 * rng.random(rows) ** more)


def exact(reference: Path, current: Path) -> dict[str, dict[str, float]]:
    """KS and Wasserstein (in standard deviations of the reference) of all raw values."""
    import pyarrow.parquet as parquet
    from scipy import stats

    a, b = parquet.read_table(reference), parquet.read_table(current)
    found: dict[str, dict[str, float]] = {"ks": {}, "wasserstein": {}}
    for name in a.column_names:
        x, y = a[name].to_numpy(), b[name].to_numpy()
        found["ks"][name] = float(stats.ks_2samp(x, y, method="asymp").statistic)
        found["wasserstein"][name] = float(stats.wasserstein_distance(x, y) / x.std())
    return found


def in_memory(reference: Path, current: Path) -> tuple[float, float]:
    """Seconds of the clock and of CPU for counting and comparing columns that are already there."""
    import pyarrow.parquet as parquet

    from violet.detectors.profile.chunk import Chunk
    from violet.detectors.profile.layout import fit_layout
    from violet.detectors.profile.profile import Profile
    from violet.services.drifting.compare import compare_profiles
    from violet.services.drifting.count import PARTS as WINDOWS
    from violet.services.drifting.count import TOGETHER
    from violet.services.drifting.options import DriftOptions

    chunks = []
    for path in (reference, current):
        table = parquet.read_table(path, use_threads=False)
        columns = {name: table[name].combine_chunks().to_numpy() for name in table.column_names}
        chunks.append(Chunk(table.num_rows, numbers=columns))
    before, after = chunks
    best = (float("inf"), float("inf"))
    for _ in range(3):
        wall, processor = time.perf_counter(), time.process_time()
        layout = fit_layout(before)
        known = Profile(layout, rate=min(1.0, TOGETHER / before.rows), window=-(-before.rows // WINDOWS))
        known.add(before)
        found = Profile(layout, rate=min(1.0, TOGETHER / after.rows), window=-(-after.rows // 32))
        found.add(after)
        compare_profiles(known.finish(), found.finish(), DriftOptions("reference", "current"))
        best = min(best, (time.perf_counter() - wall, time.process_time() - processor))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reference", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--only", default="", help="libraries, with commas between")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600.0)
    arguments = parser.parse_args()
    os.environ |= THREADS
    home = HOME / "drift"
    home.mkdir(parents=True, exist_ok=True)
    reference, current = make(home, arguments.rows, arguments.reference, arguments.columns)
    wanted = set(filter(None, arguments.only.split(",")))
    commands, results, does = {}, {}, {}
    for name, code in (("violet", VIOLET), *PARTS.items()):
        if not wanted or "violet" in wanted:
            results[name] = home / f"{name.replace(' ', '-').replace(',', '')}.json"
            words = [sys.executable, "-c", WRITE + code, str(reference), str(current), str(results[name])]
            commands[name] = lambda words=words: words
            does[name] = "KS, PSI, Wasserstein, JS, chi-square; joint, segments, windows" if name == "violet" else ""
    for library in LIBRARIES:
        if wanted and library.name not in wanted:
            continue
        try:
            python = f"{environment(f'drift-{library.name}', library.requirements)}/python"
        except Exception as error:
            print(f"{library.name} does not install: {type(error).__name__}")
            continue
        results[library.name] = home / f"{library.name}.json"
        words = [python, "-c", WRITE + library.code, str(reference), str(current), str(results[library.name])]
        commands[library.name] = lambda words=words: words
        does[library.name] = library.does
    for path in results.values():
        path.unlink(missing_ok=True)
    timings = alternate(commands, arguments.repeats, arguments.timeout)
    true = exact(reference, current)
    print(f"{arguments.rows:,} x {arguments.columns} against {arguments.reference:,} rows, one thread")
    print(f"{'':24}{'seconds':>9}{'CPU':>8}{'MiB':>8}  error of KS, Wasserstein")
    for name, timing in timings.items():
        print(f"{name:24}{figures(timing)}  {errors(results[name], true)}  {does[name]}")
    if not wanted or "violet" in wanted:
        wall, processor = in_memory(reference, current)
        print(f"{'violet, from memory':24}{wall:9.2f}{processor:8.2f}{'':8}  best of three")


def figures(timing: Timing) -> str:
    if timing.wall is None or timing.cpu is None or timing.memory is None:
        return f"{'-':>9}{'-':>8}{'-':>8}"
    failed = " failed" if timing.code else ""
    return f"{timing.wall:9.2f}{timing.cpu:8.2f}{timing.memory:8.0f}{failed}"


def errors(path: Path, true: dict[str, dict[str, float]]) -> str:
    """The greatest difference from exact figures, over all columns."""
    if not path.exists():
        return "-, -"
    said = json.loads(path.read_text())
    found = []
    for name in ("ks", "wasserstein"):
        both = [abs(said[name][c] - true[name][c]) for c in said.get(name, {}) if c in true[name]]
        found.append(f"{max(both):.4f}" if both else "-")
    return ", ".join(found)


if __name__ == "__main__":
    main()
