"""Character edits: words that people read as before, and models do not.

Strong on models that know words or their pieces (tf-idf, subword tokenizers): a word that is written otherwise is
another word to them. Weak where input is normalised first (Unicode confusables, spelling), or on n-grams of characters.

## Method
By the drop of the margin when a word is left out, words are put in order; the most important one is written in several
ways (two letters swapped, one left out, doubled or hit beside it on the keyboard; digits for letters; letters of other
scripts that look the same; characters without width), the one that lowers the margin most stays, and so on. At most
``share`` of the words are changed. By labels alone, and with budget left, words and ways are taken at random.

## Cost
One forward row a word for its importance, then ``ways`` rows a changed word.

## Source
Gao et al. 2018, "Black-box generation of adversarial text sequences to evade deep learning classifiers", section III;
Boucher et al. 2022, "Bad characters: imperceptible NLP attacks", section IV (characters that are not seen).
"""

from __future__ import annotations

from violet.attacks.base import Attack, AttackResult, Problem, Strength, attack
from violet.attacks.text._edits import variants
from violet.attacks.text._greedy import Greedy
from violet.domain.robustness import Norm
from violet.targets.base import InputKind, Offers

ATTACK = Attack(
    id="text/character-edits",
    title="Character edits",
    needs=Offers.LABELS,
    norms=(Norm.L0,),
    strength=Strength.FAST,
    kinds=(InputKind.TEXT,),
    unit=False,
    minimal=True,
    queries=500,
    options={"share": 0.3, "ways": 8, "hidden": True},
    references=("https://arxiv.org/abs/1801.04354", "https://arxiv.org/abs/2106.09898"),
)


@attack(ATTACK)
def run(problem: Problem) -> AttackResult:
    ways, hidden = int(problem.option("ways")), bool(problem.option("hidden"))
    greedy = Greedy(problem, lambda word, rng: variants(word, rng, ways, hidden), float(problem.option("share")))
    greedy.run()
    return greedy.tally.result(ATTACK.id)
