"""Feasible search by labels: from rows of other classes back to the sample, feature by feature.

For models that tell nothing but the class. Strong for any change that the schema allows (a feasible row of another
class is nearly always at hand), weaker where only one or two features can be changed: labels do not say which help. It
misses what no known row leads to.

## Method
The nearest known rows that are not of the sample's class lend it all that an attacker can change; the result is
repaired by the schema's rules. Where that fools, changes are taken back, half of them at a time and then fewer, until
each is needed; then the next row. Sets of one, two, ... features at all their values follow in random order, smallest
first, and only up to the smallest number found. For the smallest distance the changes that remain are made smaller.

## Cost
One forward row a candidate: about two for each changed feature and start, then as much as the budget gives.

## Source
Own; taking changes back follows delta debugging (Zeller and Hildebrandt 2002, "Simplifying and isolating
failure-inducing input").
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
    id="tabular/feasible-decisions",
    title="Feasible search by labels",
    needs=Offers.LABELS,
    norms=(Norm.FEASIBLE,),
    strength=Strength.FAST,
    kinds=(InputKind.TABLE, InputKind.VECTOR),
    unit=False,
    minimal=True,
    queries=1000,
    options={"values": 8, "levels": 3},
    references=("https://doi.org/10.1109/32.988498",),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    rng = np.random.default_rng(problem.seed)
    rules = rules_of(problem.target.domain)
    books = Books(problem, rules, by_scores=False)
    moves = all_moves(rules, problem, int(problem.option("values")))
    levels = int(min(problem.option("levels"), problem.threat.eps, len(np.unique(moves.unit))))
    search = Search(books, moves, rng)
    search.singles()
    if problem.threat.eps > 1:
        Jump(books, rng).run()
        search.sets(levels)
    return books.tally.result(ATTACK.id)
