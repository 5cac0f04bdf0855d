"""Which well-known name a package's name is made to be taken for."""

from __future__ import annotations

from functools import cache

from violet.checks.supply_chain._package_names import COMPROMISED, NEIGHBOURS, POPULAR

SHORTEST = 5
"""Letters below which a name is near to too many others."""
_NEAR = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol",
    "a": "qsz", "s": "awdxz", "d": "sefxc", "f": "drgcv", "g": "fthvb", "h": "gyjbn", "j": "hukmn", "k": "jilm",
    "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
"""Keys beside each other."""


@cache
def _known() -> frozenset[str]:
    return frozenset((*POPULAR, *NEIGHBOURS, *COMPROMISED))


@cache
def _folded() -> dict[str, str]:
    return {fold(name): name for name in POPULAR}


@cache
def _by_words() -> dict[tuple[str, ...], str]:
    return {tuple(sorted(name.split("-"))): name for name in POPULAR if "-" in name}


def fold(name: str) -> str:
    """A name as the eye takes it: separators gone, look-alike letters the same."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(_CYRILLIC.get(letter, letter) for letter in plain if not unicodedata.combining(letter)).lower()
    plain = plain.replace("-", "").replace("_", "").replace(".", "")
    return plain.replace("rn", "m").replace("vv", "w").replace("0", "o").replace("1", "l").replace("5", "s")


_CYRILLIC = dict(zip("аеорсухіјѕԁһӏԛԝ", "aeopcyxijsdhlqw", strict=True)) | dict(zip("οανρτυ", "oavptu", strict=True))


def imitated(name: str) -> tuple[str, str]:
    """The well-known name that ``name`` (canonical) looks like, and how; two empty texts where there is none."""
    if name in _known() or not name:
        return "", ""
    target = _folded().get(fold(name), "")
    if target:
        how = "is written in look-alike letters" if not name.isascii() else "reads the same"
        return target, how
    words = tuple(sorted(name.split("-")))
    if len(words) > 1 and words in _by_words():
        return _by_words()[words], "has its words in another order"
    for target in POPULAR:
        if abs(len(target) - len(name)) <= 1 and len(target) >= SHORTEST:
            how = _slip(name, target)
            if how:
                return target, how
    return "", ""


def _slip(name: str, target: str) -> str:
    """How one slip of the fingers turns ``target`` into ``name``; ``""`` where one does not."""
    at = 0
    while at < min(len(name), len(target)) and name[at] == target[at]:
        at += 1
    rest_name, rest_target = name[at:], target[at:]
    if len(name) == len(target):
        if rest_name[1:2] == rest_target[:1] and rest_name[:1] == rest_target[1:2] and rest_name[2:] == rest_target[2:]:
            return "has two letters swapped"
        if rest_name[1:] == rest_target[1:]:
            return _substitution(rest_name[0], rest_target[0], len(target), at)
        return ""
    if len(name) == len(target) - 1:
        if rest_target[:1].isdigit():
            return ""  # an earlier major version
        long_enough = len(target) >= 7 or at > 0
        return "lacks a letter" if rest_name == rest_target[1:] and long_enough else ""
    if rest_name[1:] != rest_target:
        return ""
    added = rest_name[0]
    doubled = added in (target[at - 1 : at], target[at : at + 1])
    if doubled and added != "-":
        return "has a letter twice"
    if added.isdigit() or added == "-":
        return ""  # another major version, a separator: those have their own meaning
    least = 9 if at == len(target) else SHORTEST
    return "has a letter more" if at > 0 and len(target) >= least else ""


def _substitution(written: str, meant: str, length: int, at: int) -> str:
    if written.isdigit() or meant.isdigit() or "-" in (written, meant):
        return ""
    if written in _NEAR.get(meant, ""):
        return "has a letter of the key beside it" if at > 0 or length >= 7 else ""
    return "has another letter in one place" if length >= 7 and at > 0 else ""
