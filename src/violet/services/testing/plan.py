"""Which attacks are run on a target: by what it offers, by the threat, and by what the suite asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.attacks.base import Attack, Goal, attacks, find
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm, Threat
from violet.services.testing.work import settings_of
from violet.targets.base import InputKind, Offers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from violet.services.testing.options import RobustnessOptions
    from violet.targets.base import Target

CASCADE = (
    "gradient/fgsm",
    "gradient/apgd-ce",
    "gradient/apgd-t",
    "gradient/fab-t",
    "scores/random-search",
    "scores/square",
    "scores/simba",
    "decisions/rays",
    "decisions/surfree",
    "decisions/hopskipjump",
    "transfer/surrogate",
    "tabular/feasible-search",
    "tabular/feasible-decisions",
    "text/word-substitution",
    "text/character-edits",
)
"""One after the other on what still stands, cheap ones first. The first four with ``scores/square`` are AutoAttack's
(Croce and Hein 2020, section 6)."""

BESIDE_GRADIENTS = (
    "scores/random-search",
    "scores/simba",
    "decisions/rays",
    "decisions/surfree",
    "decisions/hopskipjump",
    "transfer/surrogate",
)
"""Left out of the cascade where there are gradients: they are asked on the probes, to see whether gradients mislead."""

QUICK = ("gradient/fgsm", "gradient/pgd", "scores/random-search", "decisions/rays", "decisions/surfree",
         "tabular/feasible-search", "text/word-substitution")  # fmt: skip
WHITE_BOX = ("gradient/fgsm", "gradient/pgd", "gradient/apgd-ce")
BLACK_BOX = ("scores/square", "scores/random-search", "decisions/hopskipjump", "transfer/surrogate")
OTHERS = ("tabular/feasible-search", "tabular/feasible-decisions", "text/word-substitution", "text/character-edits")
ADAPTIVE = "gradient/adaptive"
CURVE_SHARE = 0.4
"""Of an attack's queries, at each radius of the curve: it is to show the shape, not to be the last word."""
RESTARTS = 5
"""Of the probe that tells whether random restarts help."""


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """One attack to be run. ``role`` is ``cascade``, ``probe``, ``curve``, ``smallest`` or ``adaptive``; ``label``
    tells apart two plans for the same attack."""

    attack: str
    role: str
    queries: int
    threat: Threat
    goal: Goal = Goal.WITHIN
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    label: str = ""

    @property
    def name(self) -> str:
        return f"{self.attack} ({self.label})" if self.label else self.attack


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """``left_out`` are sentences about attacks that were wanted and do not fit."""

    cascade: tuple[Planned, ...]
    probes: tuple[Planned, ...]
    curve: tuple[Planned, ...]
    smallest: tuple[Planned, ...]
    adaptive: tuple[Planned, ...]
    left_out: tuple[str, ...] = ()


def make_plan(options: RobustnessOptions, target: Target) -> Plan:
    """Raises ``UsageError`` where no attack fits the target and the threat, or a named one does not."""
    offers = target.offers
    if options.suite == "black-box":
        offers &= ~Offers.GRADIENTS
    chooser = _Chooser(options, target, offers)
    white = Offers.GRADIENTS in offers
    if options.suite == "shifts":
        return Plan((), (), (), (), ())
    if options.attacks:
        named = [find(name).attack for name in options.attacks]
        for attack in named:
            if why := chooser.obstacle(attack):
                raise UsageError(f"{attack.id} cannot be run here: {why}.", "See: violet test --list")
        cascade = [attack.id for attack in sorted(named, key=lambda a: (a.strength, a.id))]
    elif options.suite == "quick":
        cascade = [name for name in QUICK if not (white and name in BESIDE_GRADIENTS)]
    else:
        cascade = [name for name in CASCADE if not (white and name in BESIDE_GRADIENTS)]
    run = chooser.all("cascade", cascade)
    if not run:
        norms = sorted({n for e in attacks().values() for n in e.attack.norms if not chooser.obstacle(e.attack, n)})
        hint = f"Of threats this target can be tested for: {', '.join(norms)}." if norms else ""
        raise UsageError(f"No attack fits a {target.domain.kind} target under the threat {options.threat}.", hint)
    quick = options.suite == "quick"
    beside = ("scores/random-search",) if white else QUICK
    probes = chooser.all("probe", (*QUICK[:2], *beside) if quick else (*WHITE_BOX, *BLACK_BOX, *OTHERS))
    if not quick:
        probes += chooser.all("probe", ("gradient/pgd",), {"restarts": RESTARTS}, f"{RESTARTS} restarts")
    return Plan(
        cascade=tuple(run),
        probes=tuple(probes),
        curve=tuple(chooser.curve()),
        smallest=() if quick else tuple(chooser.smallest()),
        adaptive=tuple(chooser.all("adaptive", (ADAPTIVE,))),
        left_out=tuple(dict.fromkeys(chooser.left_out)),
    )


class _Chooser:
    def __init__(self, options: RobustnessOptions, target: Target, offers: Offers) -> None:
        self.options = options
        self.target = target
        self.offers = offers
        self.left_out: list[str] = []

    def obstacle(self, attack: Attack, norm: Norm | None = None) -> str:
        """Why this attack cannot be run, or nothing."""
        norm = norm or self.options.threat.norm
        kind = self.target.domain.kind
        if attack.needs not in self.offers:
            names = [flag.name or "" for flag in Offers if flag in attack.needs and flag not in self.offers]
            return f"the target offers no {' and no '.join(name.lower() for name in names)}"
        if norm not in attack.norms:
            return f"it does not know {norm}"
        if attack.kinds and kind not in attack.kinds:
            return f"it is not for a {kind} target"
        if kind is InputKind.TEXT and InputKind.TEXT not in attack.kinds:
            return "it is not for text"
        if not attack.unit and kind is not InputKind.TEXT and self.target.domain.schema is None:
            return "there is no schema of the table (--schema)"
        return ""

    def all(
        self,
        role: str,
        names: Sequence[str],
        settings: Mapping[str, float | int | str | bool] | None = None,
        label: str = "",
        threat: Threat | None = None,
        share: float = 1.0,
    ) -> list[Planned]:
        """Those of these attacks that there are and that fit."""
        found = []
        for name in dict.fromkeys(names):
            entry = attacks().get(name)
            if entry is None:
                continue
            attack = entry.attack
            if why := self.obstacle(attack):
                if role == "cascade" and attack.needs in self.offers and self.options.threat.norm in attack.norms:
                    self.left_out.append(f"{name} was left out: {why}")
                continue
            chosen = {**(settings or {}), **settings_of(name, self.options.settings)}
            if settings and not set(settings) <= set(attack.options):
                continue
            queries = self.options.queries or attack.queries
            found.append(
                Planned(
                    name,
                    role,
                    max(1, round(queries * share)),
                    threat or self.options.threat,
                    options=chosen,
                    label=label,
                )
            )
        return found

    def curve(self) -> list[Planned]:
        """The same attack over a grid of radii, the last of which must break everything."""
        for name in ("gradient/pgd", "scores/random-search", "decisions/rays", "decisions/surfree", *OTHERS):
            attack = attacks().get(name)
            if attack is None or self.obstacle(attack.attack):
                continue
            share = 1.0 if name.startswith("gradient/") else CURVE_SHARE
            made: list[Planned] = []
            for threat in radii(self.options.threat, self.target):
                made += self.all("curve", (name,), threat=threat, label=f"eps {threat.eps:g}", share=share)
            return made
        return []

    def smallest(self) -> list[Planned]:
        """An attack that makes the distance as small as it can: the whole curve at once."""
        from dataclasses import replace

        for name in (
            "gradient/fab-t",
            "gradient/fmn",
            "scores/random-search",
            "decisions/hopskipjump",
            "tabular/feasible-decisions",
        ):
            entry = attacks().get(name)
            if entry is not None and entry.attack.minimal and not self.obstacle(entry.attack):
                return [replace(p, goal=Goal.SMALLEST) for p in self.all("smallest", (name,), label="smallest")]
        return []


def radii(threat: Threat, target: Target) -> tuple[Threat, ...]:
    """A grid around the radius, up to one with which any input can be made any other. Of texts there is no such radius:
    edits and synonyms do not lead everywhere."""
    if target.domain.kind is InputKind.TEXT:
        return tuple(Threat(threat.norm, eps) for eps in sorted({1.0, 2.0, 3.0, 5.0, threat.eps, 2 * threat.eps}))
    size = 1
    for side in target.domain.shape:
        size *= side
    everything = {
        Norm.LINF: 1.0,
        Norm.L2: float(size) ** 0.5,
        Norm.L1: float(size),
        Norm.L0: float(size),
        Norm.FEASIBLE: float("inf"),
    }[threat.norm]
    if threat.norm in (Norm.L0, Norm.FEASIBLE):
        grid = sorted({1.0, 2.0, 3.0, 5.0, *(() if threat.eps == float("inf") else (threat.eps, 2 * threat.eps))})
    else:
        grid = [threat.eps * factor for factor in (0.25, 0.5, 1.0, 2.0, 4.0)]
    return tuple(Threat(threat.norm, eps) for eps in (*(e for e in grid if e < everything), everything))
