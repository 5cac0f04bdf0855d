"""The use case: explain a model on held-out data, as security evidence."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.domain.explanation import Explanation, Method
from violet.domain.rate import Rate
from violet.services.explaining.adversaries import Adversaries, from_file, made
from violet.services.explaining.judge import report_of
from violet.services.explaining.steps import Steps
from violet.services.explaining.texts import SAMPLES as TEXTS
from violet.services.explaining.texts import TextWork
from violet.targets.base import InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain import Report
    from violet.explain.base import Attributions, Explainer
    from violet.explain.players import Players
    from violet.services.explaining.options import ExplainOptions
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]
    Progress = Callable[[int, int, str], None]

SAMPLES, SAMPLES_ASKED = 200, 60
"""Inputs that are explained where attributions are computed, and where each needs thousands of answers."""
REFERENCE = 300
SHAKEN, SHAKEN_ASKED = 60, 20
SEARCHED = 600
"""Inputs in which shortcuts are looked for: each costs one row a feature or patch."""
SHOWN = 3
STEPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The explanation, with its findings and measurements as a report."""

    explanation: Explanation
    report: Report


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which rows of the data serve for what; none serves for two things but ``searched``, which has no other use for
    them than to look for shortcuts."""

    samples: Array
    background: Array
    reference: Array
    searched: Array


def explain(
    options: ExplainOptions,
    *,
    progress: Progress | None = None,
    command: str = "",
    target: Target | None = None,
    data: LabelledData | None = None,
) -> Explained:
    """Explain what ``options`` names. A ``target`` and ``data`` at hand are used as they are.

    Raises ``VioletError`` where the target or the data cannot be used, and ``UsageError`` for an option that does not
    fit them.
    """
    from violet.explain.plain import paragraphs

    begun = time.monotonic()
    data, target, restrictions = _opened(options, target, data)
    steps = Steps(options.seconds, progress, STEPS)
    _bad_inputs(options, len(data))
    work: _Work | TextWork
    if data.domain.kind is InputKind.TEXT:
        work = TextWork(options, target, data, steps)
        found = work.run(split_rows(options, len(data), TEXTS))
    else:
        work = _Work(options, target, data, steps)
        found = work.run()
    explanation = replace(
        found,
        restrictions=tuple(dict.fromkeys((*steps.missing, *restrictions, *work.restrictions))),
        versions=_versions(),
        command=command,
        queries=target.counter.rows,
        gradients=target.counter.gradients,
        seconds=time.monotonic() - begun,
    )
    explanation = replace(explanation, plain=paragraphs(explanation))
    return Explained(explanation, report_of(explanation))


def _opened(
    options: ExplainOptions, target: Target | None, data: LabelledData | None
) -> tuple[LabelledData, Target, tuple[str, ...]]:
    """As a test opens them: the data, the model after its scan, and what is restricted or unsteady about it."""
    from violet.services.testing.opening import examine, open_examined
    from violet.services.testing.sources import load_source
    from violet.targets.steady import check_target

    if data is None:
        data = load_source(options.data)
    if target is None:
        digest, _ = examine(options.target) if options.scan else ("", None)
        target = open_examined(options.target, digest, data.domain, data.classes)
    restrictions = tuple(check_target(target, data, seed=options.seed))
    if target.classes < len(data.classes):
        raise UsageError(
            f"{target.name} knows {target.classes} classes, and the data {len(data.classes)}.",
            "Give data whose labels are the model's classes.",
        )
    return data, target, restrictions


class _Work:
    """One explanation under way."""

    def __init__(self, options: ExplainOptions, target: Target, data: LabelledData, steps: Steps) -> None:
        from violet.explain.players import players_of

        self.options = options
        self.target = target
        self.data = data
        self.restrictions: list[str] = []
        self.steps = steps
        self.players: Players = players_of(data.domain)

    def run(self) -> Explanation:
        import numpy as np

        from violet.explain.choosing import explainer_for
        from violet.explain.evidence import reliance
        from violet.explain.permutation import flips

        self.steps.tell("what the model relies on")
        options, data, target, seed = self.options, self.data, self.target, self.options.seed
        split = split_rows(options, len(data), SAMPLES)
        background = data.x[split.background]
        explainer = explainer_for(
            target, background, self.players, method=options.method, seed=seed, coalitions=options.coalitions
        )
        self.restrictions += explainer.notes
        asked = explainer.method is Method.KERNEL_SHAP
        if asked and not options.samples:
            split = replace(
                split, samples=split.samples[:SAMPLES_ASKED], reference=split.reference[: 2 * SAMPLES_ASKED]
            )
        x, y = data.x[split.samples], data.y[split.samples]
        said = np.asarray(target.labels(x), dtype=np.int64)
        if not (said == y).any():
            raise VioletError(
                f"{target.name} classifies none of the {len(y):,} samples as the data do.",
                "Are the labels in the order of its classes, and the inputs scaled as in training?",
            )
        found = explainer.explain(x, said)
        sizes = np.abs(self.players.total(found.values))
        shown = self._shown(explainer, split.samples, said, found)
        flipped = flips(target, x, said, background, self.players, seed=seed)
        image = data.domain.kind is InputKind.IMAGE
        shape, heat = self._mean_heat(found) if image else ((), ())
        explanation = Explanation(
            subject=options.target.location or target.name,
            data=data.name or options.data.path,
            data_digest=data.digest,
            classes=data.classes,
            kind=str(data.domain.kind),
            samples=len(x),
            background=len(background),
            seed=seed,
            method=explainer.method,
            unit=explainer.unit,
            exact=explainer.exact,
            against=explainer.against,
            accuracy=Rate(int((said == y).sum()), len(y)),
            completeness=found.completeness(explainer.complete),
            reliance=reliance(self.players, sizes, flipped, seed),
            inputs=shown,
            heat=heat,
            shape=shape,
            layout=data.domain.layout if image else "",
        )
        if options.attributions_only:
            self.restrictions.append("Attributions only were asked for: no attack, shortcuts or stability.")
            return explanation
        shaken = x[: SHAKEN_ASKED if asked else SHAKEN]
        return self.steps.run(
            explanation,
            (
                ("an attack", lambda so_far: self._attacked(so_far, explainer, split, sizes)),
                ("shortcuts", lambda so_far: self._shortcuts(so_far, split)),
                ("stability under noise", lambda so_far: self._stability(so_far, explainer, shaken)),
            ),
        )

    def _attacked(self, explanation: Explanation, explainer: Explainer, split: Split, sizes: Array) -> Explanation:
        from violet.explain.detection import FEWEST, shift_detection
        from violet.explain.surface import Success, attack_surface

        found = self._adversaries(split)
        if isinstance(found, str):
            self.restrictions.append(f"No attack was looked at: {found}.")
            return explanation
        self.restrictions += found.notes
        if not len(found.original):
            self.restrictions.append(f"{found.attack} fooled the model on no input, so there is nothing it changed.")
            return explanation
        surface = attack_surface(
            self.data.domain,
            self.players,
            (found.original, found.adversarial),
            sizes,
            Success(found.attack, found.threat, found.fooled, found.selected),
            seed=self.options.seed,
        )
        explanation = replace(explanation, surface=surface)
        self.steps.tell("attribution shift")
        most = len(split.samples)
        pairs = (found.original[:most], found.adversarial[:most])
        reference = _without(self.data.x[split.reference], pairs[0])
        if len(pairs[0]) < FEWEST or len(reference) < FEWEST:
            few = f"{len(pairs[0])} pairs, {len(reference)} other inputs to compare with"
            self.restrictions.append(f"Attribution shift was not measured: there is too little to go by ({few}).")
            return explanation
        detection = shift_detection(self.target, explainer, self.players, reference, pairs, seed=self.options.seed)
        return replace(explanation, detection=detection)

    def _adversaries(self, split: Split) -> Adversaries | str:
        import numpy as np

        options, data = self.options, self.data
        if options.adversarial:
            return from_file(options.adversarial, self.target, data)
        x, y = data.x[split.samples], np.asarray(data.y[split.samples], dtype=np.int64)
        right = np.asarray(self.target.labels(x)) == y
        return made(options, self.target, data, (x[right], y[right], data.x[split.background]), self.steps.left)

    def _shortcuts(self, explanation: Explanation, split: Split) -> Explanation:
        from violet.explain.shortcuts import FEWEST_PLAYERS, search

        data = self.data
        found = search(
            self.target,
            self.players,
            data.x[split.searched],
            data.y[split.searched],
            data.x[split.background],
            data.classes,
            seed=self.options.seed,
        )
        if found is None:
            self.restrictions.append(
                f"Shortcuts were not looked for: that needs {FEWEST_PLAYERS} features and answers of two classes."
            )
        return replace(explanation, shortcuts=found)

    def _stability(self, explanation: Explanation, explainer: Explainer, x: Array) -> Explanation:
        from violet.explain.stability import stability

        found = stability(self.target, explainer, self.players, x, seed=self.options.seed)
        if found is None:
            self.restrictions.append("Stability was not measured: there is no feature that small noise can be put on.")
        return replace(explanation, stability=found)

    def _shown(self, explainer: Explainer, samples: Array, said: Array, found: Attributions) -> tuple[Any, ...]:
        """The inputs that were asked for; without any, the first few."""
        import numpy as np

        from violet.explain.evidence import explained_input

        rows = np.asarray(self.options.inputs, dtype=np.int64)
        if not len(rows):
            return tuple(
                explained_input(self.data, self.players, int(samples[at]), int(said[at]), found, at)
                for at in range(min(SHOWN, len(samples)))
            )
        predicted = np.asarray(self.target.labels(self.data.x[rows]), dtype=np.int64)
        own = explainer.explain(self.data.x[rows], predicted)
        return tuple(
            explained_input(self.data, self.players, int(row), int(predicted[at]), own, at)
            for at, row in enumerate(rows)
        )

    def _mean_heat(self, found: Attributions) -> tuple[tuple[int, ...], tuple[float, ...]]:
        import numpy as np

        from violet.explain.evidence import pictures

        mean = np.abs(found.values).mean(axis=0)
        shape, _, heat = pictures(self.data.domain, self.data.x[0], mean)
        return shape, heat


def _bad_inputs(options: ExplainOptions, count: int) -> None:
    for index in options.inputs:
        if not 0 <= index < count:
            raise UsageError(f"--input {index}: the data has {count:,} rows.", f"Use 0 to {count - 1}.")


def split_rows(options: ExplainOptions, count: int, usual: int) -> Split:
    """Divide ``count`` rows at random, by the seed. Raises ``UsageError`` where there are too few."""
    import numpy as np

    if count < 8:
        raise UsageError(f"There are {count} rows of data, which is too few to explain anything.", "Give 8 or more.")
    order = np.random.default_rng(options.seed).permutation(count)
    background = order[: max(2, min(options.background, count // 4))]
    rest = order[len(background) :]
    wanted = options.samples or min(usual, max(2, 2 * len(rest) // 3))
    samples, left = rest[:wanted], rest[wanted:]
    reference = left[:REFERENCE] if len(left) >= len(background) else background
    return Split(np.sort(samples), background, reference, np.sort(rest[:SEARCHED]))


def _without(rows: Array, others: Array) -> Array:
    """Rows that are none of ``others``: who is compared with himself is always near."""
    import numpy as np

    known = {row.tobytes() for row in others}
    return np.asarray(rows[np.array([row.tobytes() not in known for row in rows], dtype=bool)])


def _versions() -> tuple[tuple[str, str], ...]:
    """Of what the result depends on: Violet, Python, and the libraries that are loaded."""
    import platform
    import sys

    from violet import __version__

    found = [("violet", __version__), ("python", platform.python_version())]
    for name in ("numpy", "scipy", "shap", "sklearn", "torch", "onnxruntime", "xgboost", "lightgbm", "catboost"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found.append((name, str(version)))
    return tuple(found)
