"""Adversarial examples to explain with: from a file, or made by an attack that fits the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.domain.rate import Rate
from violet.domain.robustness import Norm, Threat
from violet.targets.base import InputKind, Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.explaining.options import ExplainOptions
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]

BY_GRADIENT = ("gradient/pgd", "gradient/apgd-ce")
BY_SCORE = ("scores/square", "scores/random-search")
BY_SCORE_TABLE = ("scores/random-search", "scores/square")
BY_LABEL = ("decisions/rays", "decisions/hopskipjump")
FEASIBLE = ("tabular/feasible-search", "tabular/feasible-decisions")
BY_WORDS = ("text/word-substitution", "text/character-edits")
QUERIES = 300
"""Rows a sample: enough to see where a model gives way, far too few to say how robust it is."""
SECONDS = 120.0
ENOUGH = 20
"""Inputs that should fall, so that there is something to look at."""
GROWTH, GROWN = 2.0, 3
"""By what the radius is raised where too few fall and nobody named one, and how often."""


@dataclass(frozen=True, slots=True, eq=False)
class Adversaries:
    """``original`` and ``adversarial`` ``(m, *shape)``, raw: pairs that fool the model. ``fooled`` counts them among
    the inputs that were attacked."""

    original: Array
    adversarial: Array
    attack: str
    threat: str
    fooled: Rate
    notes: tuple[str, ...] = ()
    selected: bool = False
    """Whether they were chosen because they fool it: then ``fooled`` says nothing of how many do."""


def from_file(path: str, target: Target, data: LabelledData) -> Adversaries:
    """The examples that ``violet test --save-adversarial`` left: ``original``, ``adversarial``, ``labels`` in an npz.
    Each is asked about again: one that does not fool this model is left out, and counted.

    Raises ``UsageError`` for a file that is none, or that fits another model.
    """
    import zipfile

    import numpy as np

    hint = "Write one with: violet test MODEL --save-adversarial FILE"
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ("original", "adversarial", "labels") if name not in file]
            if missing:
                raise UsageError(f"{path} has no array {missing[0]!r}.", hint)
            original, adversarial = file["original"], file["adversarial"]
            labels = file["labels"]
            attack = sorted({str(name) for name in file["attack"].reshape(-1)}) if "attack" in file else []
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"--adversarial {path} cannot be read: {error}.", hint) from error
    shape = data.domain.shape
    text = data.domain.kind is InputKind.TEXT
    fits = original.shape[1:] == shape and adversarial.shape == original.shape and labels.shape == (len(original),)
    if not fits or original.dtype.kind not in ("U" if text else "fiu") or labels.dtype.kind not in "iu":
        raise UsageError(f"{path} holds inputs of shape {original.shape[1:]}; the data has {shape}.", hint)
    if not len(original):
        raise UsageError(f"{path} holds no adversarial examples.", hint)
    original, adversarial = (part.astype(object if text else data.domain.dtype) for part in (original, adversarial))
    right = np.asarray(target.labels(original)) == labels
    holds = right & (np.asarray(target.labels(adversarial)) != labels)
    notes = []
    if not holds.all():
        notes.append(f"Of the {len(holds):,} examples in {path}, {int((~holds).sum()):,} do not fool this model.")
    notes.append("The file holds only inputs that fell, so nothing is said about how many would.")
    return Adversaries(
        original[holds],
        adversarial[holds],
        ", ".join(attack) or path,
        "as in the file",
        Rate(int(holds.sum()), int(right.sum())),
        tuple(notes),
        selected=True,
    )


def made(
    options: ExplainOptions,
    target: Target,
    data: LabelledData,
    inputs: tuple[Array, Array, Array],
    seconds: float = float("inf"),
) -> Adversaries | str:
    """``inputs`` are those to attack ``(n, *shape)``, their labels ``(n,)``, which the target gets right, and others to
    start from. Gives why not, in words, where no attack fits. Raises ``UsageError`` where the attack or threat that was
    asked for does not."""
    threat = options.threat or default_threat(target)
    name, why = choose(options.attack, threat, target)
    if not name:
        return why
    found = _attacked(options, target, data, inputs, name, threat, seconds)
    largest = threat.eps * GROWTH**GROWN
    while not isinstance(found, str) and options.threat is None and found.fooled.hits < ENOUGH < len(inputs[0]):
        if threat.eps >= largest:
            break
        threat = replace(threat, eps=threat.eps * GROWTH)
        found = _attacked(options, target, data, inputs, name, threat, seconds)
        if not isinstance(found, str):
            note = (
                f"The radius was raised to {threat} until enough inputs fell to look at; it is no measure of strength."
            )
            found = replace(found, notes=(*found.notes, note))
    return found


def _attacked(
    options: ExplainOptions,
    target: Target,
    data: LabelledData,
    inputs: tuple[Array, Array, Array],
    name: str,
    threat: Threat,
    left: float,
) -> Adversaries | str:
    import numpy as np

    from violet.services.testing.work import Chunk, attack_chunk, lend

    x, y, pool = inputs
    lend(options.target, target)
    chunk = Chunk(
        spec=options.target,
        digest="",
        domain=data.domain,
        names=data.classes,
        attack=name,
        x=x,
        y=y,
        threat=threat,
        queries=options.queries or QUERIES,
        seconds=min(SECONDS, left),
        seed=options.seed,
        pool=pool,
        pool_labels=np.asarray(target.labels(pool), dtype=np.int64),
    )
    try:
        result = attack_chunk(chunk)
    except UsageError:
        raise
    except VioletError as error:
        return f"{name} could not be run: {error.what}"
    fell = np.flatnonzero(result.fooled)
    notes = () if result.complete else (f"{name} was stopped after {min(SECONDS, left):.0f} s.",)
    return Adversaries(x[fell], result.adversarial[fell], name, str(threat), Rate(len(fell), len(x)), notes)


def default_threat(target: Target) -> Threat:
    """Small changes, as the kind of input has them: three words, three features of a table with a schema, 3 % of the
    range of every pixel, 5 % of that of other numbers."""
    domain = target.domain
    if domain.kind is InputKind.TEXT:
        return Threat(Norm.L0, 3.0)
    if domain.kind is InputKind.TABLE and domain.schema is not None:
        return Threat(Norm.FEASIBLE, 3.0)
    return Threat(Norm.LINF, 0.03 if domain.kind is InputKind.IMAGE else 0.05)


def choose(wanted: str, threat: Threat, target: Target) -> tuple[str, str]:
    """The id of an attack, or ``""`` and why there is none. Raises ``UsageError`` where the one that is wanted does not
    know the threat, or needs what the target does not offer."""
    from violet.attacks.base import attacks, find

    if wanted:
        known = find(wanted).attack
        if threat.norm not in known.norms:
            has = ", ".join(known.norms)
            raise UsageError(f"{known.id} does not know {threat.norm}.", f"Say --threat with one of {has}.")
        if known.needs not in target.offers:
            raise UsageError(f"{known.id} needs {known.needs.name}, which {target.name} does not offer.")
        return known.id, ""
    if target.domain.kind is InputKind.TEXT:
        order: tuple[str, ...] = BY_WORDS
    elif threat.norm is Norm.FEASIBLE:
        order = FEASIBLE
    else:
        table = target.domain.kind is not InputKind.IMAGE
        order = (*BY_GRADIENT, *(BY_SCORE_TABLE if table else BY_SCORE), *BY_LABEL)
    for name in order:
        entry = attacks().get(name)
        if entry is None:
            continue
        attack = entry.attack
        if attack.needs in target.offers and threat.norm in attack.norms:
            if not attack.kinds or target.domain.kind in attack.kinds:
                return name, ""
    offers = "scores" if Offers.SCORES in target.offers else "labels only"
    return "", f"no attack fits a {target.domain.kind} target that gives {offers} under the threat {threat}"
