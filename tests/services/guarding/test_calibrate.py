from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.traffic import (
    ABUSING,
    STEALING,
    Mixture,
    Piece,
    abuse,
    assemble,
    benign_pieces,
    distributed,
    evade,
    kinds,
    steal,
    table_world,
)
from tests.traffic.trace import DAY, START
from violet.detectors.base import Accuses, Facts, Needs, Stage
from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guarding_calibration import Calibration, from_document
from violet.domain.outcome import Severity
from violet.runtime.calibration_file import read_calibration, write_calibration
from violet.services.guarding.calibrate import (
    CalibrateOptions,
    Measured,
    calibrate,
    fit,
    measure,
    needed,
    thresholds,
)
from violet.services.guarding.score_log import Clients, ScoreLog

FORCED = CalibrateOptions(force=True)


def facts(name: str, threshold: float = math.inf, accuses: Accuses = Accuses.CLIENT) -> Facts:
    return Facts(name, "", Severity.LOW, Stage.WINDOW, Needs.NOTHING, accuses, threshold)


def drawn(
    seed: int, *, clients: int = 100, rows: int = 40_000, detectors: int = 3, extra: dict[str, float] | None = None
) -> Measured:
    """Scores that are exponential peaks an hour apart, alike for all; ``extra`` gives clients a last score."""
    rng = np.random.default_rng(seed)
    known = Clients()
    for number in range(clients):
        known.count(f"c{number}", rows // clients)
    found = Measured({}, {}, known, Counter(), queries=rows, begin=START, end=START + 14 * DAY, digest="sha256:0")
    for day in range(14):
        found.days[f"2025-12-{day + 1:02d}"] = rows // 14
    for number in range(detectors):
        name = f"test/d{number}"
        log = ScoreLog()
        size = rows // 20
        at = np.sort(rng.uniform(START, START + 14 * DAY, size))
        log.add(rng.integers(0, clients, size), rng.exponential(1.0 + number, size), at)
        for client, value in (extra or {}).items():
            log.add(np.array([int(client[1:])]), np.array([value * (1.0 + number)]), np.array([START + 14 * DAY]))
        found.logs[name], found.facts[name] = log, facts(name)
    return found


def actual(found: Calibration, seeds: range) -> float:
    """Alarms in 10,000 rows of new traffic by the same law."""
    alarms = rows = 0
    for seed in seeds:
        fresh = drawn(seed)
        rows += fresh.queries
        for one in found.detectors:
            alarms += len(fresh.logs[one.id].episodes(one.threshold, 900.0))
    return alarms / rows * 10_000


@pytest.mark.parametrize("rate", [20.0, 5.0, 1.0])
def test_thresholds_raise_as_many_alarms_as_asked_on_new_traffic(rate: float) -> None:
    """In the mean over calibrations, within a factor of one and a half; what is asked is the sum over all detectors."""
    rates = [actual(fit(drawn(seed), CalibrateOptions(rate=rate)), range(100, 110)) for seed in range(12)]
    assert rate / 1.5 < np.mean(rates) < rate * 1.5


def test_expected_alarms_add_up_to_what_was_asked_and_lie_in_their_intervals() -> None:
    found = fit(drawn(1), CalibrateOptions(rate=2.0))
    assert sum(one.expected for one in found.detectors) == pytest.approx(2.0, rel=0.1)
    for one in found.detectors:
        assert one.low <= one.expected <= one.high
        assert one.method == "extrapolated"
        assert one.peaks >= 15
        assert one.clients >= 10
        assert one.stable
    assert [one.threshold for one in found.detectors] == sorted(one.threshold for one in found.detectors)
    assert found.crossed.queries == 40_000
    assert 0 <= found.crossed.low <= found.crossed.per_10000 <= found.crossed.high


def test_the_interval_holds_what_comes_true_most_of_the_time() -> None:
    truth_in = 0
    for seed in range(20):
        found = fit(drawn(seed, detectors=1), CalibrateOptions(rate=2.0))
        (one,) = found.detectors
        fresh = [drawn(100 + other, detectors=1) for other in range(10)]
        alarms = sum(len(each.logs[one.id].episodes(one.threshold, 900.0)) for each in fresh)
        truth_in += one.low <= alarms / sum(each.queries for each in fresh) * 10_000 <= one.high
    assert truth_in >= 16


def test_a_rarer_rate_is_a_higher_threshold() -> None:
    levels = [
        [one.threshold for one in fit(drawn(1), CalibrateOptions(rate=rate, force=True)).detectors]
        for rate in (30.0, 10.0, 3.0, 1.0, 0.1)
    ]
    for lower, higher in pairwise(levels):
        assert all(a <= b for a, b in zip(lower, higher, strict=True))


def test_too_little_is_refused_and_says_how_much_is_needed() -> None:
    scarce = drawn(1, rows=1000, clients=50)
    with pytest.raises(UsageError, match=r"1,000 benign queries .* takes 1,500") as caught:
        fit(scarce, CalibrateOptions())
    assert "1.5 or more" in caught.value.hint
    assert fit(scarce, CalibrateOptions(rate=1.5)).asked == 1.5
    assert fit(scarce, FORCED).asked == 1.0
    assert needed(1.0, 3) == 1500
    with pytest.raises(UsageError, match="5 clients"):
        fit(drawn(1, clients=5), CalibrateOptions())
    with pytest.raises(UsageError, match="no query"):
        calibrate([], None, FORCED)
    for rate in (0.0, -1.0, math.nan, 1e9):
        with pytest.raises(UsageError, match="false alarms"):
            calibrate([], None, CalibrateOptions(rate=rate))


def test_one_client_beyond_all_others_is_named_and_lifts_nothing() -> None:
    plain = fit(drawn(1), CalibrateOptions())
    found = fit(drawn(1, extra={"c7": 60.0}), CalibrateOptions())
    assert found.left_out == ("c7",)
    assert {one.client for one in found.suspicious} == {"c7"}
    assert all(one.score > one.bound for one in found.suspicious)
    for clean, poisoned in zip(plain.detectors, found.detectors, strict=True):
        assert poisoned.threshold < 1.15 * clean.threshold


def test_accounts_that_hide_behind_each_other_are_left_out_together() -> None:
    plain = fit(drawn(1, clients=200), CalibrateOptions())
    thief = {f"c{number}": 60.0 + number for number in range(20)}
    found = fit(drawn(1, clients=200, extra=thief), CalibrateOptions())
    assert set(found.left_out) == set(thief)
    for clean, poisoned in zip(plain.detectors, found.detectors, strict=True):
        assert poisoned.threshold < 1.3 * clean.threshold


def test_who_is_trusted_counts() -> None:
    found = fit(drawn(1, extra={"c7": 60.0}), CalibrateOptions(trusted=frozenset({"c7"})))
    assert found.left_out == ()
    assert all(one.trusted for one in found.suspicious)
    for one, plain in zip(found.detectors, fit(drawn(1), CalibrateOptions()).detectors, strict=True):
        assert one.threshold > 1.2 * plain.threshold
        assert one.influence > 1.2
        assert one.influential == "c7"


def test_no_more_than_a_share_is_left_out_and_that_is_said() -> None:
    many = {f"c{number}": 500.0 + 10 * number for number in range(9)}
    found = fit(drawn(1, extra=many), CalibrateOptions(most_left_out=0.05))
    assert len(found.left_out) == 5
    assert found.left_out == ("c4", "c5", "c6", "c7", "c8")
    assert "9 of 100 clients behave like attackers" in found.notes[0]


def test_who_stays_below_the_detector_s_own_threshold_is_no_attacker() -> None:
    measured = drawn(1, extra={"c7": 60.0})
    for name in measured.facts:
        measured.facts[name] = facts(name, threshold=1000.0)
    found = fit(measured, CalibrateOptions(floor=0.0))
    assert found.suspicious == ()


def test_thresholds_keep_to_a_share_of_the_detector_s_own() -> None:
    measured = drawn(1)
    measured.facts["test/d0"] = facts("test/d0", threshold=1000.0)
    measured.facts["test/d1"] = facts("test/d1", threshold=3.0)
    low, high, _ = fit(measured, CalibrateOptions(floor=0.5)).detectors
    assert (low.threshold, low.method) == (500.0, "floor")
    assert low.expected < 1e-6
    assert high.threshold > 6.0
    assert "more than 2 times its own" in high.note


def test_detectors_that_say_nothing_keep_their_own() -> None:
    measured = drawn(1)
    measured.logs["test/d0"] = ScoreLog()
    measured.facts["test/d0"] = facts("test/d0", threshold=4.0)
    flat = ScoreLog()
    flat.add(np.arange(100), np.zeros(100), np.arange(100.0))
    measured.logs["test/d1"], measured.facts["test/d1"] = flat, facts("test/d1")
    silent, still, other = fit(measured, CalibrateOptions()).detectors
    assert (silent.threshold, silent.method, silent.expected) == (4.0, "kept", 0.0)
    assert silent.high == pytest.approx(3.689 / 40_000 * 10_000, rel=1e-3)
    assert still.threshold == math.inf
    assert other.method == "extrapolated"


def test_a_detector_that_is_above_its_own_threshold_all_day_is_lifted_above_what_it_says() -> None:
    measured = drawn(1)
    flat = ScoreLog()
    flat.add(np.arange(100) % 50, np.full(100, 9.0), np.arange(100.0))
    measured.logs["test/d0"], measured.facts["test/d0"] = flat, facts("test/d0", threshold=4.0)
    assert fit(measured, CalibrateOptions()).detectors[0].threshold > 9.0


def windows(seed: int, count: int = 12) -> Measured:
    """A detector about nobody that speaks once in a while, and mostly above its own threshold."""
    measured, rng = drawn(seed, detectors=1), np.random.default_rng(seed)
    log = ScoreLog()
    log.add(np.zeros(count, np.int64), 5.0 + rng.exponential(1.0, count), START + np.arange(count) * DAY)
    measured.logs["test/d0"], measured.facts["test/d0"] = log, facts("test/d0", 4.0, Accuses.MODEL)
    return measured


def test_few_windows_lift_a_threshold_beyond_what_they_reached() -> None:
    """At 1 in 10,000, 40,000 rows may raise 4 alarms; at 0.1, a tenth of that."""
    alarms = {1.0: 0, 0.1: 0}
    for rate in alarms:
        for seed in range(10):
            (one,) = fit(windows(seed), CalibrateOptions(rate=rate, force=True)).detectors
            assert one.method == "lifted"
            fresh = [windows(100 + other).logs["test/d0"] for other in range(20)]
            alarms[rate] += sum(len(log.episodes(one.threshold, 900.0)) for log in fresh)
    assert alarms[0.1] / 200 < 0.4 * 1.5
    assert alarms[0.1] < alarms[1.0]


def test_scores_about_nobody_are_not_a_client_s() -> None:
    measured = drawn(1, detectors=1)
    measured.facts["test/d0"] = facts("test/d0", accuses=Accuses.MODEL)
    (one,) = fit(measured, CalibrateOptions()).detectors
    assert one.influential == ""
    assert one.low <= one.expected <= one.high


def test_days_that_differ_are_told() -> None:
    measured = drawn(1, detectors=1)
    (log,) = measured.logs.values()
    rng = np.random.default_rng(2)
    late = np.sort(rng.uniform(START + 20 * DAY, START + 21 * DAY, 300))
    log.add(rng.integers(0, 100, 300), 4.0 + rng.exponential(1.0, 300), late)
    measured.days["2025-12-21"] = 3000
    measured.queries += 3000
    (one,) = fit(measured, CalibrateOptions()).detectors
    assert not one.stable
    busiest = max(one.days, key=lambda day: day.episodes)
    assert busiest.day == "2025-12-21"


# -- with real detectors on real traffic -------------------------------------------------------------------------------


@cache
def honest() -> tuple[Piece, ...]:
    return tuple(benign_pieces(table_world(), 1, Mixture(clients=220, queries=3500)))


@cache
def clean() -> Calibration:
    world = table_world()
    return calibrate(list(assemble(world, honest()).to_exchanges()), world.reference, FORCED)


def attackers() -> dict[str, list[Piece]]:
    """One of every kind, a week in."""
    world = table_world()
    start = START + 5 * DAY
    found = {f"extraction:{kind}": [steal(world, kind, 1, 300, start=start, goal=False)] for kind in STEALING}
    found |= {f"evasion:{kind}": [evade(world, kind, 1, samples=1, queries=200, start=start)] for kind in kinds(world)}
    found |= {kind: [abuse(world, kind, 1, start=start)] for kind in ABUSING if kind != "denial:flood"}
    return found


def alarmed(found: Calibration, pieces: list[Piece]) -> set[str]:
    """Campaigns that are found with these thresholds."""
    from tests.traffic.replay import requests
    from violet.runtime.pipeline import Pipeline, PipelineOptions

    world = table_world()
    trace = assemble(world, pieces)
    accused: set[str] = set()
    options = PipelineOptions(thresholds=thresholds(found), strict=True)
    pipeline = Pipeline(options, world.reference, lambda alert: accused.update((alert.client, *alert.evidence.others)))
    waiting = list(requests(trace))
    for begin in range(0, len(waiting), 64):
        pipeline.observe(waiting[begin : begin + 64])
    return {piece.campaign for piece in pieces if piece.client in accused}


def test_attacks_of_every_kind_in_a_benign_trace_are_named_and_lift_no_threshold_out_of_their_reach() -> None:
    world = table_world()
    attacks = attackers()
    bad = [piece for pieces in attacks.values() for piece in pieces]
    poisoned = calibrate(lambda: assemble(world, [*honest(), *bad]).to_exchanges(), world.reference, FORCED)
    before = {one.id: one for one in clean().detectors}
    for one in poisoned.detectors:
        assert one.threshold <= 1.5 * max(before[one.id].threshold, one.default), one
    caught = alarmed(clean(), bad)
    assert len(caught) >= 0.85 * len(attacks)
    assert alarmed(poisoned, bad) >= caught
    named = {one.client for one in poisoned.suspicious}
    assert len(named & {piece.client for piece in bad}) >= 0.8 * len(bad)
    assert sum(not name.startswith(("key:extr", "key:evas", "key:memb", "key:deni")) for name in named) <= 3


def test_a_thief_with_twenty_accounts_in_a_benign_trace_lifts_nothing() -> None:
    world = table_world()
    bad = distributed(steal(world, "random", 1, 1500, start=START + 5 * DAY, goal=False), 1)
    poisoned = calibrate(lambda: assemble(world, [*honest(), *bad]).to_exchanges(), world.reference, FORCED)
    before = {one.id: one for one in clean().detectors}
    for one in poisoned.detectors:
        assert one.threshold <= 1.5 * max(before[one.id].threshold, one.default), one
    assert alarmed(poisoned, bad) == {bad[0].campaign}


def test_a_real_calibration_says_what_it_rests_on_and_survives_its_file(tmp_path: Path) -> None:
    found = clean()
    assert found.queries == sum(len(piece) for piece in honest())
    assert found.reference == table_world().reference.digest
    assert found.seen.per_10000 <= 1.0
    assert found.crossed.episodes <= 5
    assert len({one.id for one in found.detectors}) == len(found.detectors) > 10
    path = str(tmp_path / "c.json")
    write_calibration(path, found)
    again = read_calibration(path)
    assert _comparable(again) == _comparable(found)
    limits = thresholds(again)
    assert all(limits[one.id].value == one.threshold for one in found.detectors)
    text = Path(path).read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


def _comparable(found: Calibration) -> str:
    return json.dumps(dataclasses.asdict(found), sort_keys=True)


def test_measuring_counts_what_does_not_fit() -> None:
    world = table_world()
    exchanges = list(assemble(world, list(honest())[:5]).to_exchanges())
    odd = dataclasses.replace(exchanges[0], rows=((1.0, 2.0),))
    found = measure([odd, *exchanges, odd], world.reference, FORCED)
    assert found.unread == 2
    assert found.queries == sum(len(one.rows) for one in exchanges)
    assert sum(found.days.values()) == found.queries
    assert int(found.clients.rows.sum()) == found.queries
    assert set(found.clients.names) == {one.client for one in exchanges}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("detectors"),
        lambda d: d.update(format="violet-calibration-9"),
        lambda d: d["detectors"][0].update(threshold="low"),
        lambda d: d["detectors"][0].update(threshold=True),
        lambda d: d["detectors"].append(d["detectors"][0]),
        lambda d: d.update(detectors=3),
        lambda d: d.update(asked=-1),
        lambda d: d["seen"].pop("low"),
    ],
)
def test_what_is_no_calibration_is_refused(spoil: Any) -> None:
    document = json.loads(json.dumps(fit(drawn(1), CalibrateOptions()).to_document()))
    assert from_document(document).asked == 1.0
    spoil(document)
    with pytest.raises(ConfigurationError, match="calibration"):
        from_document(document)


def test_files_that_are_no_calibration_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such"):
        read_calibration(str(tmp_path / "absent"))
    for text in ("", "[1", "[" * 100_000, "3"):
        path = tmp_path / "c.json"
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=r"c\.json"):
            read_calibration(str(path))
    with pytest.raises(UsageError, match="No such"):
        write_calibration(str(tmp_path / "no" / "c.json"), fit(drawn(1), CalibrateOptions()))
