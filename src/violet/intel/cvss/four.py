"""CVSS 4.0. Source: FIRST's specification document of version 4.0, sections 7 (qualitative scale) and 8 (scoring:
equivalence classes, MacroVectors, and the distance of a vector from the worst of its own)."""

from __future__ import annotations

from fractions import Fraction

from violet.intel.cvss.vector import Score, metrics_of

_LEVELS = {
    "AV": "NALP", "PR": "NLH", "UI": "NPA",
    "AC": "LH", "AT": "NP",
    "VC": "HLN", "VI": "HLN", "VA": "HLN",
    "SC": " HLN", "SI": "SHLN", "SA": "SHLN",
    "CR": "HML", "IR": "HML", "AR": "HML",
}  # fmt: skip
"""Values from the worst on: a metric's level is the place of its value."""

_BASE = {
    "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
    "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN", "SI": "HLN", "SA": "HLN",
}  # fmt: skip
_ENVIRONMENTAL: dict[str, tuple[str, ...]] = {
    **{name: tuple("XHML") for name in ("CR", "IR", "AR")},
    **{f"M{name}": ("X", *values) for name, values in _BASE.items()},
    "MSI": tuple("XSHLN"),
    "MSA": tuple("XSHLN"),
}
_ALLOWED: dict[str, tuple[str, ...]] = {
    **{name: tuple(values) for name, values in _BASE.items()},
    **_ENVIRONMENTAL,
    "E": tuple("XAPU"),
    # Supplemental: said along, of no weight in the score.
    "S": tuple("XNP"), "AU": tuple("XNY"), "R": tuple("XAUI"), "V": tuple("XDC"), "RE": tuple("XLMH"),
    "U": ("X", "Clear", "Green", "Amber", "Red"),
}  # fmt: skip
_NOT_DEFINED = {"E": "A", "CR": "H", "IR": "H", "AR": "H"}

_CLASSES = (("AV", "PR", "UI"), ("AC", "AT"), ("VC", "VI", "VA", "CR", "IR", "AR"), ("SC", "SI", "SA"))
_JOINT = ((0, 0), (0, 1), (1, 0), (1, 1), (2, 1))
"""The levels of the equivalence classes 3 and 6, which are one dimension."""

# Of each class and level: the worst vectors, by the levels of their metrics, and the depth of the class.
_WORST: tuple[tuple[tuple[tuple[int, ...], ...], ...], ...] = (
    (((0, 0, 0),), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((3, 0, 0), (1, 1, 1))),
    (((0, 0),), ((1, 0), (0, 1))),
    (
        ((0, 0, 0, 0, 0, 0),),
        ((0, 0, 1, 1, 1, 0), (0, 0, 0, 1, 1, 1)),
        ((1, 0, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0)),
        ((1, 0, 1, 0, 1, 0), (1, 0, 0, 0, 1, 1), (0, 1, 0, 1, 0, 1), (0, 1, 1, 1, 0, 0), (1, 1, 0, 0, 0, 1)),
        ((1, 1, 1, 0, 0, 0),),
    ),
    (((1, 0, 0),), ((1, 1, 1),), ((2, 2, 2),)),
)
_DEPTH = ((1, 4, 5), (1, 2), (7, 6, 8, 8, 10), (6, 5, 4))

# Tenths of the score of every MacroVector. A line holds one of the classes 1, 2 and 3 with 6; within it, class 4
# goes slower than class 5.
_SCORES = tuple(
    int(number)
    for number in """
    100 98 95 100 93 91 93 89 81  99 95 92 96 87 81 90 80 68  98 95 90 93 89 81 88 78 69
    95 92 84 92 81 65 80 70 48  92 82 72 79 69 50 69 55 27
    99 95 92 95 90 84 92 82 72  97 92 85 91 83 71 81 71 53  95 92 85 92 80 70 84 71 50
    93 85 73 82 72 59 70 52 30  86 75 52 71 52 29 63 29 17
    98 94 91 94 86 77 87 74 63  95 87 81 89 74 64 75 63 49  94 88 76 86 74 59 72 57 52
    89 77 67 76 58 50 57 52 25  83 70 54 65 58 26 53 21 13
    95 88 76 90 75 61 77 68 52  90 76 70 77 62 53 66 59 30  89 76 62 74 57 47 61 57 24
    78 67 58 59 57 23 52 29 16  71 59 30 58 26 15 23 13 6
    93 86 75 86 74 56 70 52 40  87 72 58 74 61 34 54 40 22  85 74 62 72 55 46 53 34 19
    75 55 51 57 41 19 36 19 8  64 51 20 47 21 11 24 9 4
    88 73 60 73 59 41 54 45 20  75 53 50 55 40 20 43 22 11  75 58 40 61 48 20 46 17 8
    55 45 21 51 18 9 18 7 2  53 24 14 24 12 5 10 3 1
    """.split()
)  # fmt: skip

_Macro = tuple[int, int, int, int, int]
"""Levels of the classes 1, 2, 3 with 6 (as an index into ``_JOINT``), 4 and 5."""


def score(vector: str) -> Score:
    """Raises ``MalformedVectorError``."""
    metrics = metrics_of(vector.removeprefix("CVSS:4.0/"), _ALLOWED, _BASE)
    base = _score({name: metrics[name] for name in _BASE})
    threat = environmental = None
    with_threat = {name: metrics[name] for name in (*_BASE, "E") if name in metrics}
    if metrics.get("E", "X") != "X":
        threat = _score(with_threat)
    if any(metrics.get(name, "X") != "X" for name in _ENVIRONMENTAL):
        environmental = _score(metrics)
    return Score("4.0", base, threat, environmental)


def _score(metrics: dict[str, str]) -> float:
    value = {name: metrics[name] for name in _BASE}
    for name in _BASE:
        if metrics.get(f"M{name}", "X") != "X":
            value[name] = metrics[f"M{name}"]
    for name, default in _NOT_DEFINED.items():
        given = metrics.get(name, "X")
        value[name] = default if given == "X" else given
    if all(value[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    macro = _macro(value)
    own = _tenths(macro)
    assert own is not None
    lower = [
        min((own - found for below in _below(macro, place) if (found := _tenths(below)) is not None), default=None)
        for place in range(5)
    ]
    drops = [
        Fraction(gap * _distance(value, place, macro[place]), _DEPTH[place][macro[place]]) if place < 4 else Fraction(0)
        for place, gap in enumerate(lower)
        if gap is not None
    ]
    exact = own - sum(drops, Fraction(0)) / max(len(drops), 1)
    return int(min(max(exact, Fraction(0)), Fraction(100)) + Fraction(1, 2)) / 10


def _macro(value: dict[str, str]) -> _Macro:
    """Section 8.2, tables 24 to 29."""
    unhindered = [value["AV"] == "N", value["PR"] == "N", value["UI"] == "N"]
    first = 0 if all(unhindered) else 1 if any(unhindered) and value["AV"] != "P" else 2
    second = 0 if value["AC"] == "L" and value["AT"] == "N" else 1
    high = [value[name] == "H" for name in ("VC", "VI", "VA")]
    third = 0 if high[0] and high[1] else 1 if any(high) else 2
    wanted = [value[name] == "H" for name in ("CR", "IR", "AR")]
    sixth = 0 if any(h and w for h, w in zip(high, wanted, strict=True)) else 1
    if "S" in (value["SI"], value["SA"]):
        fourth = 0
    else:
        fourth = 1 if "H" in (value["SC"], value["SI"], value["SA"]) else 2
    return first, second, _JOINT.index((third, sixth)), fourth, "APU".index(value["E"])


def _tenths(macro: _Macro) -> int | None:
    first, second, joint, fourth, fifth = macro
    if first > 2 or second > 1 or fourth > 2 or fifth > 2:
        return None
    return _SCORES[(((first * 2 + second) * 5 + joint) * 3 + fourth) * 3 + fifth]


def _below(macro: _Macro, place: int) -> list[_Macro]:
    """The next lower MacroVectors in one dimension."""
    if place != 2:
        return [_with(macro, place, macro[place] + 1)]
    third, sixth = _JOINT[macro[2]]
    next_levels = [(third, sixth + 1), (third + 1, sixth)]
    return [_with(macro, 2, _JOINT.index(levels)) for levels in next_levels if levels in _JOINT]


def _with(macro: _Macro, place: int, level: int) -> _Macro:
    changed = list(macro)
    changed[place] = level
    first, second, joint, fourth, fifth = changed
    return first, second, joint, fourth, fifth


def _distance(value: dict[str, str], place: int, level: int) -> int:
    """Steps from the first of the worst vectors that is in no metric milder than this one."""
    own = [_LEVELS[name].index(value[name]) for name in _CLASSES[place]]
    for worst in _WORST[place][level]:
        steps = [here - there for here, there in zip(own, worst, strict=True)]
        if min(steps) >= 0:
            return sum(steps)
    raise AssertionError(f"no worst vector bounds {own} in class {place}")
