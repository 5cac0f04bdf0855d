"""The methods, each from a target and data to a hardened model in a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError
from violet.domain.robustness import Norm
from violet.services.hardening.options import HardenOptions, method_of, settings_of
from violet.targets.base import Offers, TargetSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.defenses.refit import Refitter
    from violet.domain.hardening import Calibration, Certificate
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]
    Progress = Callable[[int, int, str], None]

CERTIFY_ROWS = 500
CERTIFY_VOTES, CERTIFY_ALPHA = 1000, 0.001
TRAINING_QUERIES = 500
"""A row, in the rounds of training on feasible rows: the test afterwards asks more."""
RADII = 9
"""Points of the certified curve."""


@dataclass(slots=True, eq=False)
class Bench:
    """What a method works with. ``data`` is held out, ``train`` for training."""

    options: HardenOptions
    target: Target
    digest: str
    data: LabelledData
    train: LabelledData | None
    progress: Progress | None
    stop: Callable[[], bool]
    settings: dict[str, float] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        return self.options.test.seed

    @property
    def training(self) -> LabelledData:
        if self.train is None:
            raise UsageError(
                f"{self.options.method} needs data to train on.", "Give training data, not the held-out: --train FILE"
            )
        return self.train


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """``spec`` opens the hardened model; ``steps`` are figures on the way."""

    spec: TargetSpec
    steps: tuple[tuple[str, float], ...] = ()
    certificate: Certificate | None = None
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()


def check_fits(bench: Bench) -> None:
    """Before anything is tested: raises ``UsageError`` where the method does not fit the model, the threat or the name
    of the file it is to be written to."""
    method = method_of(bench.options.method)
    bench.settings = settings_of(method, bench.options.settings)
    if method.name in ("adversarial-training", "trades"):
        _module(bench)
    elif method.name == "feasible-rows":
        _refitter(bench)
    else:
        _check_description(bench)
    if method.name == "calibrate" and Offers.SCORES not in bench.target.offers:
        raise UsageError(f"{bench.target.name} gives no scores that could be calibrated.")
    if method.name == "ensemble" and not bench.options.members:
        raise UsageError("An ensemble has more than one member.", "Name further models: --member FILE")


def harden_with(bench: Bench) -> Made:
    """What ``check_fits`` let pass."""
    method = method_of(bench.options.method)
    makers: dict[str, Callable[[Bench], Made]] = {
        "adversarial-training": _trained,
        "trades": _trained,
        "feasible-rows": _refitted,
        "smoothing": _smoothed,
        "calibrate": _calibrated,
        "discretise": _stepped,
        "round": _stepped,
        "label-only": _stepped,
        "ensemble": _stepped,
    }
    return makers[method.name](bench)


def _module(bench: Bench) -> Any:
    """The torch module to be trained. Raises ``UsageError``."""
    module = getattr(bench.target, "module", None)
    if module is None or Offers.GRADIENTS not in bench.target.offers:
        raise UsageError(
            f"{bench.options.method} trains torch modules, and {bench.target.name} is none.",
            "For trees and other estimators: --method feasible-rows. For any model: --method smoothing",
        )
    spec = bench.options.test.target
    if not any(name == "factory" for name, _ in spec.options):
        raise UsageError(
            "Weights alone make no module to train.", "Name the function that builds it: --factory module:function"
        )
    if bench.options.test.threat.norm not in (Norm.LINF, Norm.L2):
        raise UsageError(f"{bench.options.method} knows linf and l2, not {bench.options.test.threat.norm}.")
    return module


def _trained(bench: Bench) -> Made:
    from dataclasses import replace

    from violet.defenses.adversarial_training import TrainingSettings, train_adversarially
    from violet.defenses.saving import save_weights

    module = _module(bench)
    spec = bench.options.test.target
    train, given = bench.training, bench.settings
    domain = bench.target.domain
    settings = TrainingSettings(
        method="trades" if bench.options.method == "trades" else "pgd",
        epochs=int(given["epochs"]),
        steps=int(given["steps"]),
        learning_rate=given["learning_rate"],
        batch=int(given["batch"]),
        beta=given.get("beta", 6.0),
        seed=bench.seed,
    )
    found = train_adversarially(
        module,
        train.x,
        train.y,
        domain.low,
        domain.high,
        bench.options.test.threat,
        settings,
        bench.progress,
        bench.stop,
    )
    save_weights(found.module, bench.options.output)
    steps = tuple(
        (f"epoch {e.number} {name}", value)
        for e in found.epochs
        for name, value in (("loss", e.loss), ("clean accuracy", e.clean), ("accuracy under attack", e.robust))
    )
    notes: tuple[str, ...] = (
        f"The weights of epoch {found.best} were kept: they withstood most on rows held back from training.",
    )
    if not found.complete:
        notes += (f"Training was ended after {len(found.epochs)} of {settings.epochs} epochs.",)
    return Made(replace(spec, location=bench.options.output), steps, notes=notes)


def _refitter(bench: Bench) -> Refitter:
    """Raises ``UsageError`` where the model cannot be fitted again, or not be written to a file of this name."""
    from violet.defenses.refit import refitter

    native = getattr(bench.target, "native", None)
    if native is None:
        raise UsageError(
            f"{bench.target.name} cannot be fitted again: it does not show the model that answers.",
            "Give it as skops, XGBoost or LightGBM; or use a method that needs no training, such as smoothing.",
        )
    refit = refitter(native.model, native.columns, bench.data.classes, bench.seed)
    output = bench.options.output
    if not output.endswith(refit.suffix):
        raise UsageError(f"{output} must end in {refit.suffix}: that is what this model is written as.")
    return refit


def _refitted(bench: Bench) -> Made:
    from dataclasses import replace

    from violet.attacks.base import Budget, Clock, Problem, attacks, run_attack
    from violet.defenses.feasible_training import train_on_feasible_rows
    from violet.services.testing.books import seed_of
    from violet.targets.opening import open_target
    from violet.targets.unit import in_unit_space

    refit, output = _refitter(bench), bench.options.output
    threat = bench.options.test.threat
    name = "tabular/feasible-search" if threat.norm is Norm.FEASIBLE else "scores/random-search"
    entry = attacks()[name]
    temporary = f"{output}.fit{refit.suffix}"

    def attack(model: Any, x: Array, y: Array, number: int) -> tuple[Array, Array]:
        import numpy as np

        refit.save(model, temporary)
        target = open_target(
            TargetSpec(temporary), bench.data.domain, len(bench.data.classes), names=bench.data.classes
        )
        right = np.flatnonzero(target.labels(x) == y)
        fooled = np.zeros(len(x), dtype=bool)
        found = np.array(x, copy=True)
        if not len(right):
            return found, fooled
        unit = entry.attack.unit
        domain = target.domain
        result = run_attack(
            entry,
            Problem(
                target=in_unit_space(target) if unit else target,
                x=domain.to_unit(x[right]) if unit else x[right],
                y=y[right],
                threat=threat,
                budget=Budget(min(entry.attack.queries, TRAINING_QUERIES)),
                seed=seed_of(bench.seed, "harden", number),
                clock=Clock(),
                pool=domain.to_unit(x[:512]) if unit else x[:512],
            ),
        )
        fooled[right] = result.fooled
        found[right] = domain.to_raw(result.adversarial) if unit else result.adversarial
        return found, fooled

    train = bench.training
    try:
        done = train_on_feasible_rows(
            refit.fit,
            attack,
            train.x,
            train.y,
            rounds=int(bench.settings["rounds"]),
            attacked=int(bench.settings["attacked"]),
            seed=bench.seed,
            tell=bench.progress,
            stop=bench.stop,
        )
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    refit.save(done.model, output)
    steps = tuple((f"round {r.number} fooled", r.fooled / max(1, r.attacked)) for r in done.rounds)
    notes = () if done.complete else ("It was ended before all rounds were done.",)
    return Made(replace(bench.options.test.target, location=output, kind="", trust=False), steps, notes=notes)


def _smoothed(bench: Bench) -> Made:
    import numpy as np

    from violet.defenses.smoothing import ABSTAIN, certify
    from violet.defenses.steps import Step
    from violet.domain.hardening import Certificate, CertifiedPoint
    from violet.domain.rate import Rate

    sigma, votes = bench.settings["sigma"], int(bench.settings["votes"])
    made = _written(bench, (Step("smooth", sigma, votes),))
    domain = bench.target.domain
    generator = np.random.default_rng(bench.seed)
    rows = np.sort(generator.permutation(len(bench.data))[:CERTIFY_ROWS])
    x, y = domain.to_unit(bench.data.x[rows]), bench.data.y[rows]

    def labels(unit: Array) -> Array:
        return bench.target.labels(domain.to_raw(unit))

    found = certify(
        labels, x, bench.target.classes, sigma=sigma, votes=CERTIFY_VOTES, alpha=CERTIFY_ALPHA, seed=bench.seed
    )
    right = found.labels == y
    top = float(found.radius[right].max()) if right.any() else sigma
    grid = [top * step / (RADII - 1) for step in range(RADII)]
    certificate = Certificate(
        sigma=sigma,
        votes=CERTIFY_VOTES,
        alpha=CERTIFY_ALPHA,
        abstained=Rate(int((found.labels == ABSTAIN).sum()), len(rows)),
        points=tuple(CertifiedPoint(r, Rate(int((right & (found.radius >= r)).sum()), len(rows))) for r in grid),
        mean_radius=float(np.where(right, found.radius, 0.0).mean()),
        seed=bench.seed,
    )
    note = "Its answers are drawn by lot: what is proven is the certificate, not the figure under attack."
    return Made(made, certificate=certificate, notes=(note,))


def _calibrated(bench: Bench) -> Made:
    import numpy as np

    from violet.defenses.calibration import calibration_error, fit_temperature, softmax, to_logits
    from violet.defenses.steps import Step
    from violet.domain.hardening import Calibration

    # The temperature is fitted on one half of the data, and judged on the other.
    order = np.random.default_rng(bench.seed).permutation(len(bench.data))
    fitted, judged = np.array_split(order, 2)
    logits = to_logits(bench.target.scores(bench.data.x), Offers.PROBABILITIES in bench.target.offers)
    y = bench.data.y
    temperature = fit_temperature(logits[fitted], y[fitted])
    calibration = Calibration(
        temperature,
        calibration_error(softmax(logits[judged]), y[judged]),
        calibration_error(softmax(logits[judged] / temperature), y[judged]),
    )
    return Made(_written(bench, (Step("temperature", temperature),)), calibration=calibration)


def _stepped(bench: Bench) -> Made:
    from violet.defenses.steps import Step

    given = bench.settings
    steps: dict[str, tuple[Step, ...]] = {
        "discretise": (Step("discretise", given.get("levels", 2)),),
        "round": (Step("round", given.get("decimals", 1)),),
        "label-only": (Step("labels"),),
        "ensemble": (),
    }
    return Made(_written(bench, steps[bench.options.method]))


def _check_description(bench: Bench) -> None:
    spec = bench.options.test.target
    if not bench.digest:
        raise UsageError(
            f"{spec.location} is no file: there is nothing that a digest could bind the defence to.",
            "Defences before and behind a model are for models in files.",
        )
    output = bench.options.output
    if not output.endswith(".json"):
        raise UsageError(
            f"{output} must end in .json: {bench.options.method} is written as a description of the defence."
        )


def _written(bench: Bench, steps: tuple[Any, ...]) -> TargetSpec:
    """Write a defended model: a small file that names the model and the steps, beside which the model stays."""
    from dataclasses import replace

    from violet.defenses.defended import DefendedModel
    from violet.services.testing.opening import examine

    spec, output = bench.options.test.target, bench.options.output
    for step in steps:
        step.check()
    specs = [spec, *(replace(spec, location=path, kind="") for path in bench.options.members)]
    digests = [bench.digest, *(examine(member)[0] for member in specs[1:])]
    folder = os.path.dirname(os.path.abspath(output))
    members = tuple(replace(m, location=os.path.relpath(m.location, folder)) for m in specs)
    model = DefendedModel(members, tuple(digests), steps, bench.seed)
    from violet.services.hardening.writing import replace_file

    replace_file(output, model.text())
    return TargetSpec(output, "", spec.trust, ())
