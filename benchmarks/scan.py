"""Scanning beside the peers: what is found, what is passed in silence, and how long it takes.

    make bench                              all of it
    python benchmarks/scan.py speed         the timed workloads only
    python benchmarks/scan.py detection     the corpus of tests/corpus only
    ... --without modelaudit                leave a peer out (this one takes most of an hour over the corpus)

Every figure is measured in this run, on this machine, with all tools in turns. The corpus is the project's
own, so it favours Violet: the advisories and papers that its samples come from are named in it.
"""

from __future__ import annotations

import pickle
import platform
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from measure import Timing, alternate  # noqa: E402
from peers import HOME, PEERS, environment, violet  # noqa: E402

OWN = str(ROOT / ".venv" / "bin")
SEED = 20261123


# -- workloads -------------------------------------------------------------------------------------


def small_pickles(directory: Path) -> Path:
    """2,000 small scikit-learn models of six kinds."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    home = directory / "small"
    if (home / "1999.pkl").exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(SEED)
    kinds = [
        lambda: LogisticRegression(max_iter=20),
        Ridge,
        GaussianNB,
        lambda: DecisionTreeClassifier(max_depth=3),
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=20)),
        MinMaxScaler,
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in range(2000):
            features = generator.normal(size=(20, 4))
            model = kinds[index % len(kinds)]().fit(features, features[:, 0] > 0)
            (home / f"{index:04}.pkl").write_bytes(pickle.dumps(model))
    return home


def forest(directory: Path) -> Path:
    """A random forest of 400 deep trees."""
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    path = directory / "forest" / "forest.pkl"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(SEED)
        model = RandomForestClassifier(400, n_jobs=2, random_state=SEED)
        model.fit(generator.normal(size=(8000, 10)), generator.integers(0, 2, 8000))
        path.write_bytes(pickle.dumps(model))
    return path


def checkpoint(directory: Path) -> Path:
    """A torch checkpoint of 2 GB: 64 tensors of 32 MiB, in the layout that torch writes."""
    from tests.corpus.torch_layout import Tensor, pickled, state_dict

    path = directory / "checkpoint" / "model.pt"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = 64
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        empty = {f"layer{i}_weight": Tensor("f", (1024, 8192), ()) for i in range(tensors)}
        archive.writestr("model/data.pkl", pickled(state_dict(**empty), legacy=False)[0])
        for index in range(tensors):
            with archive.open(f"model/data/{index}", "w", force_zip64=True) as member:
                for _ in range(32):
                    member.write(bytes(1 << 20))
        archive.writestr("model/version", b"3\n")
    partial.rename(path)
    return path


# -- speed -----------------------------------------------------------------------------------------


def speed(left_out: Iterable[str] = ()) -> list[str]:
    peers = [peer for peer in PEERS if peer.name not in left_out]
    directory = HOME / "workloads"
    lines = [
        "",
        "## Speed",
        "",
        "Exit codes: fickling 2 could not read the file, so its time there is that of giving up; 1 is its verdict on a",
        "harmless forest. The others: 0.",
        "",
    ]
    workloads = [
        ("2,000 small scikit-learn pickles", small_pickles(directory), 5, 90.0),
        (f"random forest, {forest(directory).stat().st_size / 1e6:,.0f} MB", forest(directory), 5, 120.0),
        ("torch checkpoint, 2 GB", checkpoint(directory), 5, 120.0),
    ]
    lines += _table_head("workload")
    for title, path, repeats, timeout in workloads:
        print(f"timing: {title}", file=sys.stderr, flush=True)
        commands = {"violet": lambda path=path: [f"{OWN}/violet", "scan", "--no-progress", str(path)]}
        for peer in peers:
            if peer.name == "fickling" and path.is_dir():
                continue  # takes one file at a time
            binaries = environment(peer.name, peer.requirements)
            commands[peer.name] = lambda peer=peer, b=binaries, path=path: peer.command(b, path)
        lines += _rows(title, alternate(commands, repeats, timeout))
    startup = {"violet": lambda: [f"{OWN}/violet", "--version"]}
    for peer in peers:
        binaries = environment(peer.name, peer.requirements)
        startup[peer.name] = lambda peer=peer, b=binaries: peer.startup(b)
    lines += _rows("start-up (version or help)", alternate(startup, 9, 60))
    helps = {"violet": lambda: [f"{OWN}/violet", "--help"]}
    lines += _rows("violet --help", alternate(helps, 9, 60))
    return lines


def _table_head(first: str) -> list[str]:
    return [
        f"| {first} | tool | seconds | CPU seconds | peak MiB | exit code | times Violet's seconds |",
        "|---|---|---|---|---|---|---|",
    ]


def _rows(title: str, timings: dict[str, Timing]) -> list[str]:
    own = timings["violet"].wall
    rows = []
    for name, timing in timings.items():
        if timing.wall is None:
            rows.append(f"| {title} | {name} | did not end in time | | | | |")
            continue
        ratio = f"{timing.wall / own:.1f}" if own else ""
        figures = f"{timing.wall:.3f} | {timing.cpu:.3f} | {timing.memory:.0f} | {timing.code} | {ratio}"
        rows.append(f"| {title} | {name} | {figures} |")
        title = ""
    return rows


# -- detection -------------------------------------------------------------------------------------


def detection(left_out: Iterable[str] = ()) -> list[str]:
    from tests.corpus.sample import benign, malicious

    lines = [
        "",
        "## Detection",
        "",
        "Files of the project's corpus; each tool is asked of each file under its own name. Found: Violet high and up,",
        "modelscan and picklescan exit code 1, fickling likely unsafe and up, modelaudit warning and up. In silence:",
        "nothing said, neither a finding nor an error nor that the file was not examined.",
        "",
    ]
    with tempfile.TemporaryDirectory(prefix="violet-corpus-") as scratch:
        bad = _build(malicious(), Path(scratch) / "malicious")
        good = _build(benign(), Path(scratch) / "benign")
        firing = {path for path, fires in bad.items() if fires}
        lines += [
            f"{len(bad)} malicious files, of which {len(firing)} run their payload when loaded; {len(good)} benign.",
            "",
            "| tool | found | of the firing | benign flagged | malicious passed in silence |",
            "|---|---|---|---|---|",
        ]
        high = ("high", "critical")
        found, loud = violet(OWN, list(bad), high)
        flagged, _ = violet(OWN, list(good), high)
        lines.append(_verdict("violet, high and up", bad, firing, found, loud, flagged))
        found, loud = violet(OWN, list(bad), (*high, "medium"))
        flagged, _ = violet(OWN, list(good), (*high, "medium"))
        lines.append(_verdict("violet, medium and up", bad, firing, found, loud, flagged))
        for peer in PEERS:
            if peer.name in left_out:
                lines.append(f"| {peer.name} | left out of this run | | | |")
                continue
            print(f"asking: {peer.name}", file=sys.stderr, flush=True)
            binaries = environment(peer.name, peer.requirements)
            found, loud = peer.verdicts(binaries, list(bad))
            flagged, _ = peer.verdicts(binaries, list(good))
            lines.append(_verdict(peer.name, bad, firing, found, loud, flagged))
    return lines


def _verdict(
    name: str, bad: Iterable[Path], firing: set[Path], found: set[Path], loud: set[Path], flagged: set[Path]
) -> str:
    silent = len(set(bad) - loud - found)
    return f"| {name} | {len(found)} | {len(found & firing)} | {len(flagged)} | {silent} |"


def _build(samples: Iterable[object], directory: Path) -> dict[Path, bool]:
    """Each sample in a directory of its own, so that its name and neighbours are as its maker wants them."""
    built: dict[Path, bool] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, sample in enumerate(samples):
            home = directory / f"{number:04}"
            home.mkdir(parents=True)
            try:
                built[sample.build(home)] = sample.fires  # type: ignore[attr-defined]
            except ImportError as error:
                print(f"left out {sample.name}: {error}", file=sys.stderr)  # type: ignore[attr-defined]
    return built


def main(arguments: list[str]) -> int:
    left_out = [name for option, name in pairwise(arguments) if option == "--without"]
    parts = [word for word in arguments if word in ("speed", "detection")] or ["speed", "detection"]
    lines = [
        "# Scanning, beside its peers",
        "",
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, medians of runs in turns.",
        "Again: `make bench`, or `python benchmarks/scan.py " + " ".join(arguments or parts) + "`.",
    ]
    if "speed" in parts:
        lines += speed(left_out)
        print("\n".join(lines), file=sys.stderr, flush=True)
    if "detection" in parts:
        lines += detection(left_out)
    text = "\n".join(lines) + "\n"
    print(text, flush=True)
    if len(parts) == 2:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
