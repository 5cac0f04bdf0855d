"""One explanation of a classifier of texts under way: the same questions as of numbers, asked of words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.domain.explanation import Explanation, Method
from violet.domain.rate import Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.words import WordAttributions
    from violet.services.explaining.explain import Split
    from violet.services.explaining.options import ExplainOptions
    from violet.services.explaining.steps import Steps
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]

SAMPLES = 100
SHAKEN = 30
SEARCHED = 300
SHOWN = 3
METHODS = ("auto", "shap", Method.KERNEL_SHAP.value)


class TextWork:
    """``restrictions`` are added to as they are found."""

    def __init__(self, options: ExplainOptions, target: Target, data: LabelledData, steps: Steps) -> None:
        self.options = options
        self.target = target
        self.data = data
        self.steps = steps
        self.restrictions: list[str] = []
        if options.method not in METHODS:
            raise UsageError(
                f"--method {options.method} does not fit texts.", f"Use {METHODS[-1]}, or leave --method out."
            )

    def run(self, split: Split) -> Explanation:
        from violet.explain.base import unit_of
        from violet.explain.words import attributed, labels_of, reliance

        options, data, target, seed = self.options, self.data, self.target, self.options.seed
        self.steps.tell("what the model relies on")
        texts = [str(text) for text in data.x[split.samples]]
        truth = data.y[split.samples]
        said = labels_of(target, texts)
        if not (said == truth).any():
            raise VioletError(
                f"{target.name} classifies none of the {len(truth):,} samples as the data do.",
                "Are the labels in the order of its classes?",
            )
        found = attributed(target, texts, said, seed=seed, coalitions=options.coalitions)
        words = reliance(target, found, said, seed=seed)
        explanation = Explanation(
            subject=options.target.location or target.name,
            data=data.name or options.data.path,
            data_digest=data.digest,
            classes=data.classes,
            kind=str(data.domain.kind),
            samples=len(texts),
            background=0,
            seed=seed,
            method=Method.KERNEL_SHAP,
            unit=unit_of(target),
            exact=found.exact,
            against="the same text without any word",
            accuracy=Rate(int((said == truth).sum()), len(truth)),
            completeness=found.padded().completeness(True),
            reliance=words,
            inputs=self._shown(split, texts, said, found),
        )
        if options.attributions_only:
            self.restrictions.append("Attributions only were asked for: no attack, shortcuts or stability.")
            return explanation
        return self.steps.run(
            explanation,
            (
                ("an attack", lambda so_far: self._attacked(so_far, split)),
                ("shortcuts", lambda so_far: self._shortcuts(so_far, split, found, said)),
                ("stability", lambda so_far: self._stability(so_far, found, said)),
            ),
        )

    def _shown(self, split: Split, texts: list[str], said: Array, found: WordAttributions) -> tuple[Any, ...]:
        """The texts that were asked for; without any, the first few."""
        import numpy as np

        from violet.explain.words import attributed, explained_text, labels_of

        rows = self.options.inputs
        if rows:
            wanted = [str(self.data.x[row]) for row in rows]
            labels = labels_of(self.target, wanted)
            own = attributed(self.target, wanted, labels, seed=self.options.seed, coalitions=self.options.coalitions)
        else:
            rows = tuple(int(row) for row in split.samples[:SHOWN])
            labels, own = np.asarray(said[:SHOWN]), found
        return tuple(
            explained_text(row, self._class(int(self.data.y[row])), self._class(int(labels[at])), own, at)
            for at, row in enumerate(rows)
        )

    def _class(self, label: int) -> str:
        return self.data.classes[label] if 0 <= label < len(self.data.classes) else str(label)

    def _attacked(self, explanation: Explanation, split: Split) -> Explanation:
        import numpy as np

        from violet.explain.detection import FEWEST
        from violet.explain.surface import Success
        from violet.explain.word_evidence import word_shift, word_surface
        from violet.services.explaining.adversaries import from_file, made

        options, data = self.options, self.data
        if options.adversarial:
            adversaries = from_file(options.adversarial, self.target, data)
        else:
            x, y = data.x[split.samples], np.asarray(data.y[split.samples], dtype=np.int64)
            right = np.asarray(self.target.labels(x)) == y
            outcome = made(options, self.target, data, (x[right], y[right], data.x[split.background]), self.steps.left)
            if isinstance(outcome, str):
                self.restrictions.append(f"No attack was looked at: {outcome}.")
                return explanation
            adversaries = outcome
        self.restrictions += adversaries.notes
        if not len(adversaries.original):
            self.restrictions.append(
                f"{adversaries.attack} fooled the model on no input, so there is nothing it changed."
            )
            return explanation
        before, after = ([str(text) for text in part] for part in (adversaries.original, adversaries.adversarial))
        success = Success(adversaries.attack, adversaries.threat, adversaries.fooled, adversaries.selected)
        surface = word_surface((before, after), explanation.reliance, success, seed=options.seed)
        explanation = replace(explanation, surface=surface)
        most = len(split.samples)
        pairs = (before[:most], after[:most])
        known = set(pairs[0])
        reference = [text for text in map(str, data.x[split.reference]) if text not in known]
        if len(pairs[0]) < FEWEST or len(reference) < FEWEST:
            few = f"{len(pairs[0])} pairs, {len(reference)} other inputs to compare with"
            self.restrictions.append(f"Attribution shift was not measured: there is too little to go by ({few}).")
            return explanation
        detection = word_shift(self.target, reference, pairs, seed=options.seed, coalitions=options.coalitions)
        return replace(explanation, detection=detection)

    def _shortcuts(self, explanation: Explanation, split: Split, found: WordAttributions, said: Array) -> Explanation:
        from violet.explain.word_evidence import word_shortcuts

        rows = split.searched[:SEARCHED]
        texts = [str(text) for text in self.data.x[rows]]
        searched = word_shortcuts(
            self.target, found, said, texts, self.data.y[rows], self.data.classes, seed=self.options.seed
        )
        if searched is None:
            self.restrictions.append("Shortcuts were not looked for: that needs answers of two classes.")
        return replace(explanation, shortcuts=searched)

    def _stability(self, explanation: Explanation, found: WordAttributions, said: Array) -> Explanation:
        from violet.explain.word_evidence import word_stability

        part = replace(found, pieces=found.pieces[:SHAKEN], values=found.values[:SHAKEN])
        steady = word_stability(
            self.target, part, said[:SHAKEN], seed=self.options.seed, coalitions=self.options.coalitions
        )
        if steady is None:
            self.restrictions.append(
                "Stability was not measured: the texts are too short, or too long to tell words apart."
            )
        return replace(explanation, stability=steady)
