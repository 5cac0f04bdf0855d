"""How much more an input can cost than a usual one: time for any target, operations for torch modules.

Sponge inputs (Shumailov et al. 2021, "Sponge examples", algorithm 1 and section 5): a population of inputs is timed,
the slowest are kept and crossed. Times are compared only side by side with usual inputs in the same round, and what
the search took for slow is timed anew, in rounds that the search has not seen: the best of many noisy figures is
always too good. Where no input is surely slower than usual inputs are among themselves, that is said, and the factor
is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.denial._breeding import Numbers, Texts
from violet.attacks.denial._timing import Race, Stopwatch, race, surely_above
from violet.domain.robustness import DenialResult
from violet.targets.base import InputKind, Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import Clock
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]

POPULATION = 24
USUAL = 8
"""Usual inputs in each round."""
FINALISTS = 3
ROUNDS = 41
"""Of the last measurement, where time allows."""
DOUBT = 0.01
"""Chance, at most, that an input is called slower which is not: shared by the finalists."""
LEAST = 1.1
"""A factor below this is of no use to an attacker, and is not reported as one."""
LONG = 20
"""Times as long as the longest usual text are the texts of ``latency-long``."""
LONGEST = 200_000


def measure_denial(
    target: Target, data: LabelledData, seed: int, clock: Clock, seconds: float = 20.0
) -> tuple[DenialResult, ...]:
    """The most that an input within the target's domain was found to cost, by each method that applies.

    ``latency`` (seconds for one input, asked alone; of CPU where the target works in this process, so that other
    processes do not count): inputs no longer than usual ones; ``latency-long``, for text:
    texts 20 times as long; ``activations`` (operations), for torch modules: multiplications by what is not zero. A
    search by time takes at most ``seconds``. ``complete`` is false where time was too short for it. Raises
    ``TargetError`` where the target cannot answer.
    """
    if not len(data) or clock.expired():
        return ()
    found: list[DenialResult] = []
    if Offers.GRADIENTS in target.offers:
        activity = _activations(target, data.x, seed, clock)
        if activity is not None:
            found.append(activity)
    rng = np.random.default_rng(seed)
    usual = data.x[rng.permutation(len(data))[:USUAL]]
    if target.domain.kind is InputKind.TEXT:
        longest = max(16, max(len(str(text)) for text in usual))
        short = Texts(usual, longest, seed)
        found.append(_latency("latency", Stopwatch(target, clock, seconds, methods=2), usual, short, rng))
        far = min(LONGEST, LONG * longest)
        found.append(_latency("latency-long", Stopwatch(target, clock, seconds), usual, Texts(usual, far, seed), rng))
    else:
        breeding = Numbers(usual, target.domain, seed)
        found.append(_latency("latency", Stopwatch(target, clock, seconds), usual, breeding, rng))
    return tuple(found)


def _latency(
    method: str, watch: Stopwatch, usual: Array, breeding: Numbers | Texts, rng: np.random.Generator
) -> DenialResult:
    pilot = watch.pilot(usual)
    if pilot is None:
        return DenialResult(method, "seconds", float("nan"), float("nan"), False, "There was no time to measure.")
    whole = watch.left
    # Search for half of the time, in rounds of which at least three fit into each generation.
    size = int(np.clip(whole / (60 * pilot) - USUAL, 4, POPULATION))
    population = breeding.beginning(size)
    best: Array = population[:FINALISTS]
    generations = 0
    while watch.left > whole / 2 and generations < 60:
        timed = race(watch, population, usual, 3, rng)
        if timed is None or len(timed.ratios) < 3:
            break
        order = np.argsort(-timed.factors, kind="stable")
        best = population[order[:FINALISTS]]
        parents = population[order[: max(2, size // 4)]]
        population = np.concatenate([parents, breeding.children(parents, size - len(parents))])
        generations += 1
    final = race(watch, best, usual, ROUNDS, rng)
    if final is None or len(final.ratios) < 9:
        return DenialResult(
            method, "seconds", pilot, pilot, False, f"Time was too short: a usual answer takes {pilot:.3g} s."
        )
    return _judged(method, final, generations, best, watch)


def _judged(method: str, final: Race, generations: int, best: Array, watch: Stopwatch) -> DenialResult:
    rounds = len(final.ratios)
    factors = final.factors
    sure = np.array([surely_above(column, DOUBT / len(best)) for column in final.ratios.T])
    spread = float(np.median(final.usual, axis=0).max())
    slowest = int(sure.argmax())
    clock = "CPU time" if watch.inside else "time on the clock"
    asked = f"{clock}, {rounds} rounds beside {final.usual.shape[1]} usual inputs, after {generations} generations"
    broke = watch.broke
    failed = f" {len(broke)} questions were not answered at all: {broke[0]}" if broke else ""
    band = f"the slowest usual input takes {spread:.2f} times the median"
    if sure[slowest] > max(LEAST, spread):
        worst = final.seconds * float(factors[slowest])
        detail = f"{factors[slowest]:.2f} times as long (surely above {sure[slowest]:.2f}; {band}); {asked}."
        return DenialResult(method, "seconds", final.seconds, worst, True, detail + _shown(best[slowest]) + failed)
    detail = f"Nothing above noise was found: {factors.max():.2f} times was the most, and {band}; {asked}."
    return DenialResult(method, "seconds", final.seconds, final.seconds, True, detail + failed)


def _shown(found: Any) -> str:
    if not isinstance(found, str):
        return ""
    return f" The text has {len(found):,} characters and begins with {found[:30]!r}."


def _activations(target: Target, x: Array, seed: int, clock: Clock) -> DenialResult | None:
    from violet.attacks.denial._gradient_activity import most_active

    found = most_active(target, x[:64], seed, clock)
    if found is None:
        return None
    usual, most, dense, complete = found
    mean = float(usual.mean())
    known = f"the most active usual input takes {usual.max():,.0f} and an input that wakes everything {dense:,.0f}"
    if most <= usual.max() * 1.01:
        detail = f"No input was found that wakes more than usual ones: {known}."
        return DenialResult("activations", "operations", mean, float(usual.max()), complete, detail)
    return DenialResult("activations", "operations", mean, most, complete, f"In multiplications; {known}.")
