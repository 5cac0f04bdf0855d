"""What hardening is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.services.testing.options import DataSource, RobustnessOptions


@dataclass(frozen=True, slots=True)
class Method:
    """``trains``: it makes new weights, and needs training data. ``defaults`` are its settings."""

    name: str
    summary: str
    trains: bool = False
    defaults: tuple[tuple[str, float], ...] = ()


METHODS = (
    Method(
        "adversarial-training",
        "train a torch module on examples that are made while it trains (PGD)",
        True,
        (("epochs", 20), ("steps", 7), ("learning_rate", 0.001), ("batch", 128)),
    ),
    Method(
        "trades",
        "as adversarial-training, weighing accuracy against steadiness (TRADES)",
        True,
        (("epochs", 20), ("steps", 7), ("learning_rate", 0.001), ("batch", 128), ("beta", 6)),
    ),
    Method(
        "feasible-rows",
        "fit trees and other estimators again, with rows that fooled them",
        True,
        (("rounds", 4), ("attacked", 500)),
    ),
    Method(
        "smoothing",
        "answer by vote over noisy copies, with a certified radius",
        False,
        (("sigma", 0.1), ("votes", 100)),
    ),
    Method("discretise", "round each feature to a few levels first", False, (("levels", 8),)),
    Method("ensemble", "answer by the mean of several models (--member FILE)"),
    Method("calibrate", "make confidence mean what it says (temperature)"),
    Method("round", "answer with rounded scores", False, (("decimals", 1),)),
    Method("label-only", "answer with labels, and no scores"),
)
NAMES = tuple(method.name for method in METHODS)


@dataclass(frozen=True, slots=True)
class HardenOptions:
    """``test`` is the test that is made before and after. ``train`` are training data (``None``: for methods that need
    none), ``settings`` override the method's, ``members`` are further models of an ensemble, ``max_clean_loss`` is how
    much clean accuracy it may cost."""

    test: RobustnessOptions
    method: str
    output: str
    train: DataSource | None = None
    settings: tuple[tuple[str, str], ...] = ()
    members: tuple[str, ...] = ()
    max_clean_loss: float = 0.05


def method_of(name: str) -> Method:
    for method in METHODS:
        if method.name == name:
            return method
    import difflib

    close = difflib.get_close_matches(name, NAMES, 1, 0.4)
    hint = f"Did you mean {close[0]}?" if close else f"There is {', '.join(NAMES)}."
    raise UsageError(f"There is no method {name!r}.", hint)


def settings_of(method: Method, given: tuple[tuple[str, str], ...]) -> dict[str, float]:
    """The method's settings with what was given. Raises ``UsageError``."""
    found = dict(method.defaults)
    for name, text in given:
        if name not in found:
            has = ", ".join(found) or "none"
            raise UsageError(f"{method.name} has no setting {name!r}.", f"Its settings: {has}.")
        try:
            found[name] = float(text)
        except ValueError:
            raise UsageError(f"--set {name}={text}: that is no number.") from None
        if not found[name] > 0:
            raise UsageError(f"--set {name}={text}: it must be above 0.")
    return found
