"""CVSS 3.0 and 3.1. Source: FIRST's specification documents, sections 7 (equations and values) and, for 3.1,
appendix A (rounding)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from violet.intel.cvss.vector import Score, metrics_of

_IMPACT = {"H": "0.56", "L": "0.22", "N": "0"}
_REQUIREMENT = {"X": "1", "L": "0.5", "M": "1", "H": "1.5"}
_BASE = {
    "AV": {"N": "0.85", "A": "0.62", "L": "0.55", "P": "0.2"},
    "AC": {"L": "0.77", "H": "0.44"},
    "PR": {"N": "0.85", "L": "0.62", "H": "0.27"},
    "UI": {"N": "0.85", "R": "0.62"},
    "S": {"U": "0", "C": "1"},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
}
_PRIVILEGES_WHERE_SCOPE_CHANGES = {"N": "0.85", "L": "0.68", "H": "0.5"}
_TEMPORAL = {
    "E": {"X": "1", "U": "0.91", "P": "0.94", "F": "0.97", "H": "1"},
    "RL": {"X": "1", "O": "0.95", "T": "0.96", "W": "0.97", "U": "1"},
    "RC": {"X": "1", "U": "0.92", "R": "0.96", "C": "1"},
}
_REQUIREMENTS = {"CR": _REQUIREMENT, "IR": _REQUIREMENT, "AR": _REQUIREMENT}
_MODIFIED = {f"M{name}": ("X", *values) for name, values in _BASE.items()}
_ALLOWED = {**_BASE, **_TEMPORAL, **_REQUIREMENTS, **_MODIFIED}
_ONE, _ZERO, _TEN = Decimal(1), Decimal(0), Decimal(10)


def score(vector: str) -> Score:
    """Raises ``MalformedVectorError``."""
    prefix, _, text = vector.partition("/")
    version = prefix.removeprefix("CVSS:")
    metrics = metrics_of(text, _ALLOWED, _BASE)
    changed = metrics["S"] == "C"
    spared = _ONE
    for name in "CIA":
        spared *= _ONE - Decimal(_IMPACT[metrics[name]])
    loss = _ONE - spared
    impact = _changed_impact(loss, "3.0") if changed else Decimal("6.42") * loss
    base = _total(impact, _exploitability(metrics), changed, version)
    factor = _ONE
    for name, values in _TEMPORAL.items():
        factor *= Decimal(values[metrics.get(name, "X")])
    temporal = environmental = None
    if any(metrics.get(name, "X") != "X" for name in _TEMPORAL):
        temporal = _up(base * factor, version)
    if any(metrics.get(name, "X") != "X" for name in (*_REQUIREMENTS, *_MODIFIED)):
        environmental = _up(_environmental(metrics, version) * factor, version)
    return Score(
        version,
        float(base),
        None if temporal is None else float(temporal),
        None if environmental is None else float(environmental),
    )


def _environmental(metrics: dict[str, str], version: str) -> Decimal:
    """The modified base score, before the temporal metrics."""
    own = {name: metrics[name] for name in _BASE}
    own |= {name: found for name in _BASE if (found := metrics.get(f"M{name}", "X")) != "X"}
    spared = _ONE
    for name in "CIA":
        weight = Decimal(_REQUIREMENT[metrics.get(f"{name}R", "X")])
        spared *= _ONE - weight * Decimal(_IMPACT[own[name]])
    loss = min(_ONE - spared, Decimal("0.915"))
    changed = own["S"] == "C"
    impact = _changed_impact(loss, version) if changed else Decimal("6.42") * loss
    return _total(impact, _exploitability(own), changed, version)


def _changed_impact(loss: Decimal, version: str) -> Decimal:
    """Where the scope changes. Version 3.1 tempers the modified impact, never the base one."""
    if version == "3.0":
        less = (loss - Decimal("0.02")) ** 15
    else:
        less = (loss * Decimal("0.9731") - Decimal("0.02")) ** 13
    return Decimal("7.52") * (loss - Decimal("0.029")) - Decimal("3.25") * less


def _exploitability(metrics: dict[str, str]) -> Decimal:
    privileges = _PRIVILEGES_WHERE_SCOPE_CHANGES if metrics["S"] == "C" else _BASE["PR"]
    found = Decimal("8.22") * Decimal(privileges[metrics["PR"]])
    for name in ("AV", "AC", "UI"):
        found *= Decimal(_BASE[name][metrics[name]])
    return found


def _total(impact: Decimal, exploitability: Decimal, changed: bool, version: str) -> Decimal:
    if impact <= 0:
        return _ZERO
    total = impact + exploitability
    return _up(min(Decimal("1.08") * total if changed else total, _TEN), version)


def _up(value: Decimal, version: str) -> Decimal:
    """The next tenth above; version 3.1 leaves out of account what lies behind the fifth decimal."""
    if version == "3.1":
        value = value.quantize(Decimal("0.00001"), ROUND_HALF_UP)
    return value.quantize(Decimal("0.1"), ROUND_CEILING)
