"""CVSS 2.0. Source: FIRST's guide to version 2.0, sections 2 (metrics) and 3.2 (equations)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from violet.intel.cvss.vector import Score, metrics_of

_IMPACT = {"N": "0", "P": "0.275", "C": "0.660"}
_REQUIREMENT = {"L": "0.5", "M": "1", "H": "1.51", "ND": "1"}
_VALUES = {
    "AV": {"L": "0.395", "A": "0.646", "N": "1"},
    "AC": {"H": "0.35", "M": "0.61", "L": "0.71"},
    "Au": {"M": "0.45", "S": "0.56", "N": "0.704"},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
    "E": {"U": "0.85", "POC": "0.9", "F": "0.95", "H": "1", "ND": "1"},
    "RL": {"OF": "0.87", "TF": "0.9", "W": "0.95", "U": "1", "ND": "1"},
    "RC": {"UC": "0.9", "UR": "0.95", "C": "1", "ND": "1"},
    "CDP": {"N": "0", "L": "0.1", "LM": "0.3", "MH": "0.4", "H": "0.5", "ND": "0"},
    "TD": {"N": "0", "L": "0.25", "M": "0.75", "H": "1", "ND": "1"},
    "CR": _REQUIREMENT,
    "IR": _REQUIREMENT,
    "AR": _REQUIREMENT,
}
_BASE = ("AV", "AC", "Au", "C", "I", "A")
_TEMPORAL = ("E", "RL", "RC")
_ENVIRONMENTAL = ("CDP", "TD", "CR", "IR", "AR")


def score(vector: str) -> Score:
    """Raises ``MalformedVectorError``."""
    text = vector[1:-1] if vector.startswith("(") and vector.endswith(")") else vector
    metrics = metrics_of(text, _VALUES, _BASE)
    number = {name: Decimal(values[metrics.get(name, "ND")]) for name, values in _VALUES.items()
              if name in metrics or "ND" in values}  # fmt: skip
    one = Decimal(1)
    spared = (one - number["C"]) * (one - number["I"]) * (one - number["A"])
    base = _base(Decimal("10.41") * (one - spared), number)
    factor = number["E"] * number["RL"] * number["RC"]
    temporal = environmental = None
    if any(metrics.get(name, "ND") != "ND" for name in _TEMPORAL):
        temporal = _rounded(base * factor)
    if any(metrics.get(name, "ND") != "ND" for name in _ENVIRONMENTAL):
        spared = one
        for impact, requirement in (("C", "CR"), ("I", "IR"), ("A", "AR")):
            spared *= one - number[impact] * number[requirement]
        adjusted = _base(min(Decimal(10), Decimal("10.41") * (one - spared)), number)
        adjusted = _rounded(adjusted * factor)
        adjusted = (adjusted + (10 - adjusted) * number["CDP"]) * number["TD"]
        environmental = max(_rounded(adjusted), Decimal(0))  # low requirements take the equation below zero
    return Score(
        "2.0",
        float(base),
        None if temporal is None else float(temporal),
        None if environmental is None else float(environmental),
    )


def _base(impact: Decimal, number: dict[str, Decimal]) -> Decimal:
    exploitability = 20 * number["AV"] * number["AC"] * number["Au"]
    weight = Decimal("1.176") if impact else Decimal(0)
    return _rounded((Decimal("0.6") * impact + Decimal("0.4") * exploitability - Decimal("1.5")) * weight)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
