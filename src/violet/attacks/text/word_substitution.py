"""Word substitution: others in their place that mean about the same.

What spelling correction and Unicode normalisation do not undo. Its table of synonyms is small and English, so it misses
much of what a large one finds: texts that it cannot change are robust to it, and to nothing else.

## Method
As for character edits, by importance and then greedily. In the place of a word stand its synonyms, the other side of
the Atlantic's spelling, a hyphen behind its prefix, or capitals. At most ``share`` of the words are changed.

## Cost
One forward row a word for its importance, then one for each other word in its place.

## Source
Ren et al. 2019, "Generating natural language adversarial examples through probability weighted word saliency", section
3, and Jin et al. 2020, "Is BERT really robust?", algorithm 1 (importance by deletion); the table of words is our own.
"""

from __future__ import annotations

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.text._greedy import Greedy
from violet.attacks.text._synonyms import others
from violet.domain.robustness import Norm
from violet.targets.base import InputKind, Offers

ATTACK = Attack(
    id="text/word-substitution",
    title="Word substitution",
    needs=Offers.LABELS,
    norms=(Norm.L0,),
    strength=Strength.STRONG,
    kinds=(InputKind.TEXT,),
    unit=False,
    minimal=True,
    queries=500,
    options={"share": 0.3},
    references=("https://aclanthology.org/P19-1103", "https://arxiv.org/abs/1907.11932"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    greedy = Greedy(problem, lambda word, _: others(word), float(problem.option("share")))
    greedy.run()
    return greedy.tally.result(ATTACK.id)
