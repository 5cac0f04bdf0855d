"""The checks that make a robustness figure believable, or withhold it.

A model can look robust because the attack was misled: its gradients vanish, its scores are rounded, the budget was
short. Each check asks one question that a truly robust model passes (Carlini et al. 2019, "On Evaluating Adversarial
Robustness", section 5; Athalye et al. 2018, section 3.1; Tramer et al. 2020). All compare attacks on the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from violet.attacks.base import attacks
from violet.domain.rate import Rate
from violet.domain.robustness import Believed, Norm, SanityCheck
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.testing.books import Outcome

    Array = NDArray[Any]

ALPHA = 0.01
"""A difference that chance explains more often than this is none."""
POINTS = 0.05
"""A difference of fewer cases than this share of the probes matters to nobody, however sure it is."""
SPENDERS = ("scores/", "decisions/", "tabular/", "text/")
"""Families of attacks that ask until their budget of queries is spent."""
CARLINI = "Carlini et al. 2019, On Evaluating Adversarial Robustness"
ATHALYE = "Athalye, Carlini and Wagner 2018, Obfuscated Gradients Give a False Sense of Security, section 3.1"
TRAMER = "Tramer et al. 2020, On Adaptive Attacks to Adversarial Example Defenses"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the checks look at. ``probes`` by their names (``gradient/pgd``, ``gradient/pgd (5 restarts)``), all on the
    same rows; ``curve`` the same attack by growing radius; ``cascade`` the attacks of the headline;
    ``unsteady`` says what is wrong with the target's answers."""

    probes: Mapping[str, Outcome]
    curve: Sequence[Outcome] = ()
    cascade: Sequence[Outcome] = ()
    white_box: bool = False
    unsteady: tuple[str, ...] = ()
    immutable: bool = False
    """Whether some features cannot be changed, so that no radius need break everything."""


def sanity_checks(evidence: Evidence) -> tuple[SanityCheck, ...]:
    """Every check, in a fixed order. One that cannot be asked says so, and is not passed."""
    return tuple(ask(evidence) for ask in _CHECKS)


def _black_box_not_stronger(evidence: Evidence) -> SanityCheck:
    question = "Do attacks without gradients find no more than attacks with them?"
    white = _family(evidence, ("gradient/",))
    black = _family(evidence, ("scores/", "decisions/"))
    return _compare(evidence, "black-box-not-stronger", question, white, black, f"{CARLINI}, section 5.3; {ATHALYE}")


def _transfer_not_stronger(evidence: Evidence) -> SanityCheck:
    question = "Do examples made on a surrogate find no more than attacks with gradients?"
    white, transfer = _family(evidence, ("gradient/",)), _family(evidence, ("transfer/",))
    return _compare(evidence, "transfer-not-stronger", question, white, transfer, f"{CARLINI}, section 5.4; {TRAMER}")


def _iterations_help(evidence: Evidence) -> SanityCheck:
    question = "Do iterative attacks find at least what one step finds?"
    many, one = _named(evidence, "gradient/pgd"), _named(evidence, "gradient/fgsm")
    return _compare(evidence, "iterations-help", question, many, one, ATHALYE)


def _decisions_not_stronger(evidence: Evidence) -> SanityCheck:
    question = "Do attacks that see only labels find no more than attacks that see scores?"
    scores, decisions = _seeing(evidence, Offers.SCORES), _seeing(evidence, Offers.LABELS)
    if evidence.white_box:
        return _not_run("decisions-not-stronger", question, "gradients are compared instead", decisive=False)
    return _compare(evidence, "decisions-not-stronger", question, scores, decisions, TRAMER)


def _restarts_settle(evidence: Evidence) -> SanityCheck:
    question = "Do more random restarts find nothing more than a few cases?"
    once = _named(evidence, "gradient/pgd")
    often = [o for name, o in evidence.probes.items() if name.startswith("gradient/pgd (")]
    if not once or not often:
        return _not_run("restarts-settle", question, "the target gives no gradients", decisive=False)
    if not (once[0].complete and often[0].complete):
        return _not_run("restarts-settle", question, "time ran out", decisive=False)
    more = int(often[0].fooled.sum()) - int(once[0].fooled.sum())
    share = more / max(1, len(once[0].rows))
    failed = share > POINTS
    detail = f"PGD fools {once[0].fooled.sum()} of {len(once[0].rows)}; with restarts {often[0].fooled.sum()}."
    # More restarts make the attack stronger; the headline holds since its cascade is stronger still.
    return _answer("restarts-settle", question, failed, detail, f"{CARLINI}, section 5.1", decisive=False, share=share)


def _gradients_alive(evidence: Evidence) -> SanityCheck:
    import numpy as np

    question = "Are the gradients that attacks follow other than zero?"
    shares = [o.diagnostics["zero_gradient"] for o in evidence.probes.values() if "zero_gradient" in o.diagnostics]
    shares = [s[np.isfinite(s)] for s in shares if np.isfinite(s).any()]
    if not shares:
        return _not_run("gradients-alive", question, "the target gives no gradients")
    share = float(np.mean(np.concatenate(shares)))
    detail = f"{100 * share:.1f} % of the gradients on the probes were exactly zero."
    return _answer("gradients-alive", question, share > 0.1, detail, f"{ATHALYE}; {CARLINI}, section 5.3", share=share)


def _loss_rises(evidence: Evidence) -> SanityCheck:
    import numpy as np

    question = "Does following the gradient raise the loss?"
    found = [
        (o.diagnostics["loss_first"], o.diagnostics["loss_last"])
        for name, o in evidence.probes.items()
        if name.startswith("gradient/pgd") and {"loss_first", "loss_last"} <= set(o.diagnostics)
    ]
    if not found:
        return _not_run("loss-rises", question, "the target gives no gradients")
    first, last = (np.concatenate(side) for side in zip(*found, strict=True))
    known = np.isfinite(first) & np.isfinite(last)
    stuck = float(np.mean(last[known] <= first[known])) if known.any() else 1.0
    detail = f"On {100 * stuck:.1f} % of the probes the loss was no higher after the attack than before."
    return _answer("loss-rises", question, stuck > 0.25, detail, f"{CARLINI}, section 5.2", share=stuck)


def _larger_radius_finds_more(evidence: Evidence) -> SanityCheck:
    question = "Does a larger radius never leave more standing?"
    curve = [outcome for outcome in evidence.curve if outcome.complete]
    if len(curve) < 2:
        return _not_run("larger-radius-finds-more", question, "no curve over radii was made to its end")
    worst = 0.0
    for small, large in pairwise(curve):
        lost = int((small.fooled & ~large.fooled).sum())
        gained = int((large.fooled & ~small.fooled).sum())
        if _sign_test(lost, gained) < ALPHA:
            worst = max(worst, (lost - gained) / max(1, len(small.rows)))
    at = ", ".join(f"{o.planned.threat.eps:g}: {o.fooled.sum()}" for o in curve)
    detail = f"Fooled of {len(curve[0].rows)} by radius: {at}."
    source = f"{CARLINI}, section 5.2"
    return _answer("larger-radius-finds-more", question, worst > POINTS, detail, source, share=worst)


def _everything_breaks(evidence: Evidence) -> SanityCheck:
    question = "Does a radius that allows any change break everything?"
    name = "everything-breaks"
    if not evidence.curve:
        return _not_run(name, question, "no curve over radii was made")
    last = evidence.curve[-1]
    left = Rate(int((~last.fooled).sum()), len(last.rows))
    detail = f"At {last.planned.threat} {left.hits} of {left.total} probes still stand."
    decisive = not (evidence.immutable or last.planned.threat.norm is Norm.FEASIBLE)
    if not last.complete:
        return _not_run(name, question, "time ran out before it was known", decisive=decisive)
    source = f"{CARLINI}, section 5.2; {ATHALYE}"
    return _answer(name, question, left.value > POINTS, detail, source, decisive=decisive, share=left.value)


def _budget_suffices(evidence: Evidence) -> SanityCheck:
    """The falls of the last half of the budget: an attack that still finds much has not converged."""
    question = "Would a larger budget find little more?"
    spenders = [o for o in evidence.probes.values() if o.planned.attack.startswith(SPENDERS) and len(o.rows)]
    if not spenders:
        return _not_run("budget-suffices", question, "no attack that spends queries was compared", decisive=False)
    late = {o.planned.name: int((o.first > o.planned.queries / 2).sum()) for o in spenders}
    slow = [o for o in spenders if late[o.planned.name] > POINTS * len(o.rows)]
    worst = max(late[o.planned.name] / len(o.rows) for o in spenders)
    told = [f"{o.planned.attack} found {late[o.planned.name]} of its {o.fooled.sum()} in the second half" for o in slow]
    none = "No attack found more than a few cases in the second half of its budget."
    detail = "; ".join(told) + "." if slow else none
    # A slow attack misleads nobody where gradients show the way, or where another one has broken as much.
    strongest = max(spenders, key=lambda o: int(o.fooled.sum()))
    misled = bool(slow) and strongest in slow and not evidence.white_box
    source = f"{CARLINI}, section 5.2"
    return _answer("budget-suffices", question, bool(slow), detail, source, decisive=misled, share=worst)


def _budget_honest(evidence: Evidence) -> SanityCheck:
    question = "Did attacks spend what they say, by the target's own count?"
    outcomes = [*evidence.probes.values(), *evidence.curve, *evidence.cascade]
    wrong = [o for o in outcomes if o.reported != o.recount]
    over = [o for o in outcomes if len(o.queries) and int(o.queries.max()) > o.planned.queries]
    total = sum(o.recount for o in outcomes)
    detail = f"{total:,} rows were asked, and counted twice."
    if wrong:
        one = wrong[0]
        detail = f"{one.planned.name} says {one.reported:,} rows, the target counted {one.recount:,}."
    if over:
        one = over[0]
        most, allowed = int(one.queries.max()), one.planned.queries
        detail = f"{one.planned.name} asked {most:,} rows of one sample, and {allowed:,} were allowed."
    return _answer("budget-honest", question, bool(wrong or over), detail, "", rows=float(total))


def _answers_steady(evidence: Evidence) -> SanityCheck:
    question = "Does the target answer the same when asked the same?"
    detail = " ".join(evidence.unsteady) or "The same rows got the same answers, alone, together and in another order."
    return _answer("answers-steady", question, bool(evidence.unsteady), detail, f"{TRAMER}; {ATHALYE}")


_CHECKS: tuple[Callable[[Evidence], SanityCheck], ...] = (
    _answers_steady,
    _black_box_not_stronger,
    _transfer_not_stronger,
    _decisions_not_stronger,
    _iterations_help,
    _gradients_alive,
    _loss_rises,
    _larger_radius_finds_more,
    _everything_breaks,
    _restarts_settle,
    _budget_suffices,
    _budget_honest,
)


def _family(evidence: Evidence, prefixes: tuple[str, ...]) -> list[Outcome]:
    return [o for o in evidence.probes.values() if o.planned.attack.startswith(prefixes)]


def _seeing(evidence: Evidence, offer: Offers) -> list[Outcome]:
    """Attacks that need scores, or labels and nothing more; a transfer is compared for itself."""
    others = [o for o in evidence.probes.values() if not o.planned.attack.startswith("transfer/")]
    return [
        o
        for o in others
        if attacks()[o.planned.attack].attack.needs & ~Offers.PROBABILITIES in (offer, offer | Offers.LABELS)
    ]


def _named(evidence: Evidence, name: str) -> list[Outcome]:
    return [evidence.probes[name]] if name in evidence.probes else []


def _compare(
    evidence: Evidence, id: str, question: str, expected: list[Outcome], other: list[Outcome], source: str
) -> SanityCheck:
    """Fails where ``other`` fools samples that none of ``expected`` does, more than the other way round and than
    chance."""
    import numpy as np

    if not expected:
        decisions = id.startswith("decisions")
        why = "no attack that sees scores fits the target" if decisions else "the target gives no gradients"
        return _not_run(id, question, why)
    if not other:
        return _not_run(id, question, "no attack to compare with fits the target")
    if not all(o.complete for o in expected):
        return _not_run(id, question, "time ran out for the attacks that others are compared with")
    fell = np.logical_or.reduce([o.fooled for o in expected])
    fell_other = np.logical_or.reduce([o.fooled for o in other])
    only, only_other = int((fell & ~fell_other).sum()), int((fell_other & ~fell).sum())
    share = (only_other - only) / max(1, len(fell))
    failed = share > POINTS and _sign_test(only_other, only) < ALPHA
    detail = (
        f"{fell.sum()} of {len(fell)} fall to {_names(expected)}, {fell_other.sum()} to {_names(other)};"
        f" {only_other} to the latter alone, {only} to the former alone."
    )
    return _answer(id, question, failed, detail, source, share=share)


def _names(outcomes: list[Outcome]) -> str:
    return ", ".join(o.planned.name.partition("/")[2] for o in outcomes)


def _sign_test(more: int, less: int) -> float:
    """One-sided: how likely chance alone gives ``more`` or more of ``more + less`` (exact binomial)."""
    n = more + less
    return sum(math.comb(n, k) for k in range(more, n + 1)) / 2**n if n else 1.0


def _answer(
    id: str, question: str, failed: bool, detail: str, source: str, *, decisive: bool = True, **figures: float
) -> SanityCheck:
    outcome = Believed.FAILED if failed else Believed.PASSED
    return SanityCheck(id, question, outcome, detail, decisive, tuple(figures.items()), source)


def _not_run(id: str, question: str, why: str, *, decisive: bool = True) -> SanityCheck:
    return SanityCheck(id, question, Believed.NOT_RUN, f"Not asked: {why}.", decisive)
