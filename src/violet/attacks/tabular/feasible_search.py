"""Feasible search: which few features, moved to which values, turn the answer; nothing that could not exist is asked.

Strong wherever scores say which single change helps: trees, linear models, small networks on tables. It needs no
gradients, so that piecewise-constant models are no obstacle, and it searches small discrete domains completely. It
misses changes of many features that help only together, and values between those it tries.

## Method
Each feature, or one-hot group, is tried at each of its values where there are few, else at quantiles of known rows and
the ends of its range. Sets of two features come next, and so on up to ``levels``: all of them where the budget allows,
else extensions of the best, in the order that the drops of single moves add up to. Every candidate is repaired by the
schema's rules and asked about only if it is feasible and within the radius. What budget is left goes to rows of other
classes, made more and more like the sample, to values in between, and to random sets.

## Cost
One forward row a candidate: about 20 for each feature, then as much as the budget gives.

## Source
Own; beam search over changed features follows Ballet et al. 2019, "Imperceptible adversarial attacks on tabular data",
in its aim and Simonetto et al. 2022, "A unified framework for adversarial attack and defense in constrained feature
space", in that constraints hold for every candidate.
"""

from __future__ import annotations

import numpy as np

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.tabular._books import Books
from violet.attacks.tabular._jump import Jump
from violet.attacks.tabular._moves import all_moves, rules_of
from violet.attacks.tabular._search import Search
from violet.domain.robustness import Norm
from violet.targets.base import InputKind, Offers

ATTACK = Attack(
    id="tabular/feasible-search",
    title="Feasible search",
    needs=Offers.SCORES,
    norms=(Norm.FEASIBLE,),
    strength=Strength.STRONG,
    kinds=(InputKind.TABLE, InputKind.VECTOR),
    unit=False,
    minimal=True,
    queries=2000,
    options={"values": 16, "levels": 4},
    references=("https://arxiv.org/abs/1911.03274", "https://arxiv.org/abs/2112.01156"),
)

FINER = 4
"""Times as many values are tried with budget that is left."""


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    rng = np.random.default_rng(problem.seed)
    rules = rules_of(problem.target.domain)
    books = Books(problem, rules, by_scores=True)
    count, eps = int(problem.option("values")), problem.threat.eps
    moves = all_moves(rules, problem, count)
    levels = int(min(problem.option("levels"), eps, len(np.unique(moves.unit))))
    search = Search(books, moves, rng, reserve=0.3 if eps > 1 else 0.0)
    search.singles()
    search.sets(levels)
    search.keep = 0
    if eps > 1:
        Jump(books, rng).run()
    finer = all_moves(rules, problem, FINER * count)
    if len(finer) > len(moves):
        search = Search(books, finer, rng)
        search.singles()
    if eps > 1:
        search.explore(int(min(2 * levels, eps)))
    return books.tally.result(ATTACK.id)
