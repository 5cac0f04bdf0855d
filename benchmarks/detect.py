"""How well the detectors tell attacks from honest traffic: detection, delay, false alarms, cost.

    .venv/bin/python benchmarks/detect.py --world table --attackers 10
    .venv/bin/python benchmarks/detect.py --cost

Thresholds are calibrated on one benign trace; false alarms are counted on others, of other clients; each attack runs
among honest clients, several attackers of a kind one after the other. What is replayed goes through the guard's own
pipeline. ``--write FILE`` replaces the part of a Markdown file that belongs to this world.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import shlex
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from tests.traffic import (
    DAY,
    START,
    Mixture,
    Trace,
    World,
    assemble,
    batches,
    benign,
    benign_pieces,
    picture_world,
    table_world,
)
from tests.traffic.replay import constraints, requests
from tests.traffic.scenarios import Scenario, scenarios

from violet.detectors.base import Needs, Setup, Stage, detectors
from violet.domain.guarding_calibration import Calibration
from violet.runtime.pipeline import Pipeline, PipelineOptions, Threshold
from violet.services.guarding.calibrate import CalibrateOptions, calibrate, thresholds
from violet.services.guarding.tails import poisson_interval

if TYPE_CHECKING:
    from violet.domain.alert import Alert

HEAD = """# Detection

What `benchmarks/detect.py` measures: attacks with known truth among honest traffic, through the guard's own pipeline.
*Delay* is counted in the attacker's own attack queries, over all of its accounts, without what it sent as cover.
*Before goal*: found before the query that made the attack worth it (the first adversarial example within the radius; a
copy that agrees with the model on 90 % of the population; ten records probed; 3 s of the model's time), or found where
no such query was reached. *Noticed*: an alarm about the model's traffic as a whole that has the attacker's accounts in
its evidence, but accuses nobody. A flood of ordinary rows is for limits and quotas, which are not part of this; a thief
who has the population itself (`extraction:natural`) differs from an honest client in nothing but how much it asks. The
traffic is made by `tests/traffic`, with the seeds in the commands. These are short runs on a busy machine: three
attackers of a kind.
"""

WORLDS: dict[str, Callable[[], World]] = {
    "table": table_world,
    "pictures-8": lambda: picture_world(8),
    "pictures-28": lambda: picture_world(28),
}
BATCH = 64


@dataclass(slots=True)
class Found:
    """One attacker: when it was found, in its own attack queries (0: it was not); ``goal`` is the query that reached
    what it was made for (0: none did)."""

    delay: int = 0
    goal: int = 0
    detector: str = ""
    noticed: int = 0
    """When an alarm about the model's traffic as a whole had its accounts in the evidence (0: none had)."""

    @property
    def in_time(self) -> bool:
        return bool(self.delay) and (not self.goal or self.delay <= self.goal)


@dataclass(slots=True)
class Line:
    scenario: Scenario
    found: list[Found] = field(default_factory=list)
    bystanders: int = 0
    """Alerts about honest clients in the same trace."""


def run(world: World, trace: Trace, limits: dict[str, Threshold], seed: int = 0) -> tuple[list[Alert], Pipeline]:
    alerts: list[Alert] = []
    options = PipelineOptions(
        model=world.name, seed=seed, thresholds=limits, constraints=constraints(world), strict=True
    )
    pipeline = Pipeline(options, world.reference, alerts.append)
    waiting: list[Any] = []
    rows = 0
    for request in requests(trace):
        waiting.append(request)
        rows += len(request.raw)
        if rows >= BATCH:
            pipeline.observe(waiting)
            waiting, rows = [], 0
    pipeline.observe(waiting)
    return alerts, pipeline


def attacked(
    world: World, scenario: Scenario, attackers: int, limits: dict[str, Threshold], seed: int, background: int
) -> Line:
    """Attackers of one kind, one after the other over two weeks, among honest clients."""
    rng = np.random.default_rng([seed, 5])
    pieces = benign_pieces(world, 1000 + seed, Mixture(clients=60, queries=background, days=14.0))
    for number in range(attackers):
        start = START + (0.5 + 13.0 * number / max(1, attackers) + float(rng.uniform(0, 0.5))) * DAY
        pieces += scenario.make(world, 100 * seed + number, start)
    trace = assemble(world, pieces, seed)
    alerts, _ = run(world, trace, limits)
    return Line(scenario, *judged(trace, alerts))


def judged(trace: Trace, alerts: Sequence[Alert]) -> tuple[list[Found], int]:
    """Who was found when, and how many alerts were about honest clients."""
    campaign_of: dict[str, int] = {}
    for place in np.unique(trace.client[trace.campaign >= 0]).tolist():
        campaign_of[trace.clients[place]] = int(trace.campaign[trace.client == place].max())
    covered = np.array([name.startswith("cover:") for name in trace.kinds], dtype=bool)[trace.kind]
    last = {f"x{number}": row for row, number in enumerate(trace.request.tolist())}
    found = []
    attack_rows = {}
    for number in range(len(trace.campaigns)):
        rows = np.flatnonzero((trace.campaign == number) & ~covered)
        goal = np.flatnonzero(trace.goal[rows])
        attack_rows[number] = rows
        found.append(Found(goal=int(goal[0]) + 1 if len(goal) else 0))
    bystanders = 0
    for alert in alerts:
        accused = {campaign_of[name] for name in (alert.client, *alert.evidence.others) if name in campaign_of}
        if alert.client and alert.client not in campaign_of:
            bystanders += 1
            continue
        row = last[alert.query]
        for number in accused:
            rows, one = attack_rows[number], found[number]
            asked = int(np.searchsorted(rows, row, side="right"))
            if asked and alert.client and not one.delay:
                one.delay, one.detector = asked, alert.detector
            elif asked and not alert.client and not one.noticed:
                one.noticed = asked
    return found, bystanders


# -- false alarms ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Honest:
    """Alerts on benign traffic: by kind of user and detector, and rows by kind."""

    rows: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    accused: set[tuple[str, int]] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)


def honest(world: World, limits: dict[str, Threshold], seeds: Iterable[int], queries: int, clients: int) -> Honest:
    result = Honest()
    for seed in seeds:
        trace = benign(world, seed, Mixture(clients=clients, queries=queries))
        kind_of = {}
        for place, name in enumerate(trace.clients):
            kind = trace.kinds[int(trace.kind[np.argmax(trace.client == place)])].removeprefix("benign:")
            kind_of[name] = kind
            result.clients[kind] += 1
        for kind, rows in zip(trace.kinds, np.bincount(trace.kind, minlength=len(trace.kinds)).tolist(), strict=True):
            result.rows[kind.removeprefix("benign:")] += rows
        alerts, pipeline = run(world, trace, limits)
        result.left_out = pipeline.left_out
        for alert in alerts:
            kind = kind_of.get(alert.client, "the model as a whole")
            result.alerts[kind, alert.detector] += 1
            result.accused.add((alert.client, seed))
    return result


# -- what is printed ---------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def per_10000(alerts: int, rows: int) -> str:
    low, high = poisson_interval(alerts)
    each = 10_000 / max(1, rows)
    return f"{alerts * each:.2f} ({low * each:.2f} to {high * each:.2f})"


def detection(lines: Sequence[Line]) -> str:
    rows = []
    for line in lines:
        hits = [one for one in line.found if one.delay]
        delays = sorted(one.delay for one in hits)
        goals = [one.goal for one in line.found if one.goal]
        unnamed = sum(bool(one.noticed) and not one.delay for one in line.found)
        first = Counter(one.detector for one in hits).most_common(2)
        rows.append(
            (
                line.scenario.name,
                f"{len(hits)} of {len(line.found)}" + (f", {unnamed} more noticed" if unnamed else ""),
                f"{median(delays):g}" if delays else "",
                delays[-1] if delays else "",
                sum(one.in_time for one in line.found),
                f"{len(goals)}, at {median(goals):g}" if goals else "0",
                ", ".join(f"{name} ({count})" for name, count in first),
                line.bystanders or "",
            )
        )
    head = ("attack", "found", "median delay", "worst", "before goal", "goal reached", "first by", "others accused")
    return table(head, rows)


def false_alarms(result: Honest) -> str:
    kinds = sorted(result.rows, key=lambda kind: -result.rows[kind])
    by_kind: Counter[str] = Counter()
    named = defaultdict(list)
    for (kind, detector), count in result.alerts.most_common():
        by_kind[kind] += count
        named[kind].append(f"{detector} ({count})")
    rows = []
    for kind in [*kinds, *(kind for kind in by_kind if kind not in kinds)]:
        asked = result.rows[kind] or sum(result.rows.values())
        rows.append(
            (
                kind,
                result.clients[kind] or "",
                f"{result.rows[kind]:,}" if result.rows[kind] else "",
                by_kind[kind],
                per_10000(by_kind[kind], asked),
                ", ".join(named[kind]),
            )
        )
    total = sum(result.rows.values())
    alerts = sum(by_kind.values())
    rows.append(("all", sum(result.clients.values()), f"{total:,}", alerts, per_10000(alerts, total), ""))
    return table(("honest users", "clients", "rows", "alerts", "per 10,000 (95 %)", "by"), rows)


def calibrated(found: Calibration) -> str:
    rows = [
        (
            one.id,
            f"{one.threshold:.4g}",
            f"{one.default:.4g}",
            "" if math.isnan(one.expected) else f"{one.expected:.3g}",
            one.method,
            f"{one.greatest:.3g}" if math.isfinite(one.greatest) else "",
            f"{one.influence:.2f}",
        )
        for one in found.detectors
    ]
    head = ("detector", "threshold", "its own", "expected per 10,000", "how", "greatest benign", "rests on one client")
    return table(head, rows)


def costs(world: World, queries: int) -> str:
    """Microseconds a row in batches of 64, all detectors that are on together, as in the guard: what several need is
    computed by the first. The best of three rounds of each."""
    trace = benign(world, 77, Mixture(clients=200, queries=queries))
    cut = list(batches(trace, world.reference, BATCH))
    rules = constraints(world)
    entries = {}
    for name, entry in detectors().items():
        needs = entry.facts.needs
        unfit = needs & (Needs.TEXTS | Needs.ANSWERS | Needs.MODEL) or (Needs.SCHEMA in needs and rules is None)
        if entry.facts.default and entry.facts.stage is not Stage.ASIDE and not unfit:
            entries[name] = entry
    best = dict.fromkeys(entries, math.inf)
    whole = math.inf
    for _ in range(3):
        shared: dict[object, Any] = {}
        setup = Setup(world.reference, 10_000, constraints=rules, shared=shared)
        built = {name: entry.build(setup) for name, entry in entries.items()}
        taken = dict.fromkeys(entries, 0.0)
        for batch in cut:
            for name, one in built.items():
                begun = time.perf_counter()
                one.observe(batch)
                taken[name] += time.perf_counter() - begun
        best = {name: min(best[name], 1e6 * taken[name] / len(trace)) for name in entries}
        whole = min(whole, 1e6 * sum(taken.values()) / len(trace))
    families: dict[str, float] = defaultdict(float)
    for name, value in best.items():
        families[name.partition("/")[0]] += value
    rows = [(name, f"{value:.2f}", f"{entries[name].facts.microseconds:g}") for name, value in best.items()]
    rows += [(f"all of {family}", f"{value:.1f}", "") for family, value in families.items()]
    rows.append(("all", f"{whole:.1f}", ""))
    return table(("detector", "us a row", "as it says"), rows)


def machine() -> str:
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at first"


def written(path: str, world: str, text: str) -> None:
    """Replace this world's part, between its marks."""
    begin, end = f"<!-- {world} -->", f"<!-- end of {world} -->"
    part = f"{begin}\n\n{text.strip()}\n\n{end}"
    file = Path(path)
    known = file.read_text(encoding="utf-8") if file.exists() else HEAD
    if begin in known:
        known = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: part, known, flags=re.DOTALL)
    else:
        known = known.rstrip() + "\n\n" + part + "\n"
    file.write_text(known, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", choices=sorted(WORLDS), default="table")
    parser.add_argument("--attackers", type=int, default=10, help="of each kind")
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    parser.add_argument(
        "--group", default="", help="plain, slow, camouflaged, distributed, patient, adaptive or limits"
    )
    parser.add_argument("--queries", type=int, default=60_000, help="rows of a benign trace")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--traces", type=int, default=2, help="benign traces that false alarms are counted on")
    parser.add_argument("--background", type=int, default=4_000, help="honest rows around attackers")
    parser.add_argument("--rate", type=float, default=1.0, help="false alarms in 10,000 that are asked for")
    parser.add_argument("--floor", type=float, default=1.0, help="least share of a detector's own threshold")
    parser.add_argument("--trust", action="store_true", help="honest clients that look suspicious are confirmed")
    parser.add_argument("--uncalibrated", action="store_true", help="the detectors' own thresholds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cost", action="store_true", help="time each detector, and no more")
    parser.add_argument("--write", default="", help="Markdown file")
    said = parser.parse_args()
    text = [
        f"## {said.world}",
        "",
        "```sh",
        "$ " + shlex.join([".venv/bin/python", *sys.argv]),
        "```",
        "",
        machine(),
        "",
    ]
    print("\n".join(text), flush=True)

    def tell(*parts: str) -> None:
        for part in parts:
            text.extend([part, ""])
            print(part + "\n", flush=True)

    world = WORLDS[said.world]()
    if said.cost:
        tell(costs(world, min(said.queries, 20_000)))
        return
    limits: dict[str, Threshold] = {}
    if not said.uncalibrated:
        trace = benign(world, said.seed, Mixture(clients=said.clients, queries=said.queries))
        options = CalibrateOptions(
            rate=said.rate,
            seed=said.seed,
            floor=said.floor,
            constraints=constraints(world),
            trusted=frozenset(trace.clients) if said.trust else frozenset(),
        )
        found = calibrate(trace.to_exchanges, world.reference, options)
        limits = thresholds(found)
        tell(calibrated(found))
        tell(
            f"Calibrated on {found.queries:,} rows of {found.clients} clients; with thresholds from one half of the "
            f"clients, the other half raised {found.crossed.per_10000:.2f} alarms in 10,000 "
            f"({found.crossed.low:.2f} to {found.crossed.high:.2f}). Suspicious: {suspects(found)}."
        )
    if said.traces:
        seeds = range(said.seed + 100, said.seed + 100 + said.traces)
        tell(false_alarms(honest(world, limits, seeds, said.queries, said.clients)))
    lines = []
    for scenario in scenarios(world).values():
        if said.only in scenario.name and said.group in ("", scenario.group):
            lines.append(attacked(world, scenario, said.attackers, limits, said.seed, said.background))
            print(detection(lines[-1:]).splitlines()[-1], flush=True)
    tell(detection(lines))
    missed = [line for line in lines if line.scenario.group == "plain" and _late(line, 300)]
    if lines:
        plain = [line for line in lines if line.scenario.group == "plain"]
        tell(
            f"{len(plain) - len(missed)} of {len(plain)} plain attacks are found within 300 queries by every attacker."
        )
    if said.write:
        written(said.write, said.world, "\n".join(text))


def suspects(found: Calibration) -> str:
    names = sorted({one.client for one in found.suspicious})
    if not names:
        return "nobody"
    return ", ".join(names) + (", all confirmed to be honest" if not found.left_out else ", left out")


def _late(line: Line, most: int) -> bool:
    return any(not one.delay or one.delay > most for one in line.found)


if __name__ == "__main__":
    main()
