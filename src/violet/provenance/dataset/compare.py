"""What changed between two descriptions of a data set: first which shards, then what in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from violet.domain.dataset import IMAGE, OTHER, Difference
from violet.provenance.dataset.classes import tell_classes
from violet.provenance.dataset.columns import ColumnFinder, pair_columns
from violet.provenance.dataset.row_changes import RowChanges, digests_of, row_changes
from violet.provenance.dataset.tell_rows import tell_exchange, unsettled
from violet.provenance.dataset.tell_shard import tell_shard
from violet.provenance.dataset.wording import counted, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from violet.domain.dataset import DatasetManifest, Shard

MOST_LISTED = 200
"""Shards of which the same is to be said that are listed one by one."""

Groups = dict[str, tuple[dict[int, list[tuple[int, int]]], int]]
"""For each shard, groups of rows by their number with the ranges in which their rows are now, and the number of rows
in a group."""
Regrouped = dict[str, dict[int, bytes]]
"""For each shard, the digests of the columns of such groups."""


@dataclass(slots=True)
class _Pairing:
    """Which shards are which. ``changed`` have the same path before and after."""

    changed: dict[str, tuple[Shard, Shard]] = field(default_factory=dict)
    same: list[Shard] = field(default_factory=list)
    missing: list[Shard] = field(default_factory=list)
    added: list[Shard] = field(default_factory=list)
    told: list[Difference] = field(default_factory=list)


class Comparison:
    """Compares in two steps: ``unsettled`` are rows whose columns can only be told when they are hashed once more in
    the groups that they were in; ``differences`` takes those digests, if there are any."""

    def __init__(self, expected: DatasetManifest, actual: DatasetManifest) -> None:
        self.expected = expected
        self.actual = actual
        self.pairing = _pair(expected, actual)
        self.rows = _row_changes(self.pairing)

    def unsettled(self) -> Groups:
        found: Groups = {}
        for path, (before, after) in self.pairing.changed.items():
            if path in self.rows:
                finder = ColumnFinder(before, after, pair_columns(before, after))
                groups = unsettled(self.rows[path], finder)
                if groups:
                    found[path] = (groups, finder.rows_each)
        return found

    def differences(self, regrouped: Mapping[str, Mapping[int, bytes]] | None = None) -> tuple[Difference, ...]:
        found = list(self.pairing.told)
        for path, (before, after) in self.pairing.changed.items():
            found += tell_shard(before, after, self.rows.get(path), (regrouped or {}).get(path, {}))
        found += tell_exchange(self.rows)
        found += _tell_missing(self.pairing.missing, self.rows)
        found += _tell_added(self.pairing.added)
        found += tell_classes(self.expected.classes, self.actual.classes)
        if not found and self.expected.digest != self.actual.digest:
            text = "The data set is another one, though each of its files is the same."
            found.append(Difference("data-set-changed", text))
        found.sort(key=lambda difference: difference.shard)
        return tuple(found)


def compare(expected: DatasetManifest, actual: DatasetManifest) -> tuple[Difference, ...]:
    """All differences, the shards in order. ``actual`` should have been described like ``expected``."""
    return Comparison(expected, actual).differences()


def _pair(expected: DatasetManifest, actual: DatasetManifest) -> _Pairing:
    old = {shard.path: shard for shard in expected.shards}
    new = {shard.path: shard for shard in actual.shards}
    if len(old) == len(new) == 1 and not expected.digest.algorithm == "dirHash" == actual.digest.algorithm:
        only = next(iter(expected.shards))  # a single file is the same one, whatever it is called
        new = {only.path: replace(next(iter(actual.shards)), path=only.path)}
    pairing = _Pairing()
    by_digest: dict[str, list[str]] = {}
    for path, shard in old.items():
        by_digest.setdefault(shard.digest.value, []).append(path)
    altered = [path for path in old if path in new and old[path].digest != new[path].digest]
    pairing.same = [old[path] for path in old if path in new and old[path].digest == new[path].digest]
    done = _swapped(altered, old, new, by_digest, pairing)
    pairing.changed = {path: (old[path], new[path]) for path in altered if path not in done}
    gone = [path for path in old if path not in new]
    _renamed(gone, [path for path in new if path not in old], old, new, pairing)
    return pairing


def _swapped(
    altered: Sequence[str],
    old: Mapping[str, Shard],
    new: Mapping[str, Shard],
    by_digest: Mapping[str, list[str]],
    pairing: _Pairing,
) -> set[str]:
    """Shards that have the contents of others now."""
    done: set[str] = set()
    exchanged = set(altered)
    for path in altered:
        if path in done:
            continue
        origins = by_digest.get(new[path].digest.value, [])
        partner = next((p for p in origins if p in exchanged and new[p].digest == old[path].digest), "")
        if partner:
            done |= {path, partner}
            text = f"{shown(path)} and {shown(partner)} have exchanged their contents."
            pairing.told.append(Difference("shard-swapped", text, path))
        elif origins:
            done.add(path)
            text = f"{shown(path)} holds what {shown(origins[0])} held."
            pairing.told.append(Difference("shard-swapped", text, path))
    return done


def _renamed(
    gone: Sequence[str], came: Sequence[str], old: Mapping[str, Shard], new: Mapping[str, Shard], pairing: _Pairing
) -> None:
    """Shards with the same contents under another path; the same base name, or the same folder, is preferred."""
    waiting: dict[str, list[str]] = {}
    for path in gone:
        waiting.setdefault(old[path].digest.value, []).append(path)
    originals = {shard.digest.value: shard.path for shard in reversed(pairing.same)}
    for path in came:
        origins = waiting.get(new[path].digest.value)
        if origins:
            origin = max(origins, key=lambda p: (_name(p) == _name(path), _folder(p) == _folder(path)))
            origins.remove(origin)
            pairing.told.append(_moved(old[origin], path))
        elif new[path].digest.value in originals:
            text = f"{shown(path)} is new, a copy of {shown(originals[new[path].digest.value])}."
            pairing.told.append(Difference("shard-duplicated", text, path))
        else:
            pairing.added.append(new[path])
    pairing.missing = [old[path] for paths in waiting.values() for path in paths]


def _moved(shard: Shard, path: str) -> Difference:
    before, after = _folder(shard.path), _folder(path)
    if before == after:
        text = f"{shown(shard.path)} is called {shown(_name(path))} now."
        return Difference("shard-renamed", text, shard.path)
    renamed = "" if _name(path) == _name(shard.path) else f", and is called {shown(_name(path))} there"
    text = f"{shown(shard.path)} moved from {_place(before)} to {_place(after)}{renamed}."
    return Difference("image-moved" if shard.kind == IMAGE else "shard-moved", text, shard.path)


def _place(folder: str) -> str:
    return f"{shown(folder)}/" if folder else "the top"


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _row_changes(pairing: _Pairing) -> dict[str, RowChanges]:
    """What happened to rows, where each has a digest before and after."""
    pairs = {}
    for path, (before, after) in pairing.changed.items():
        if _exact(before) and _exact(after):
            pairs[path] = (_digests(before), _digests(after))
    for shard in pairing.missing:
        if _exact(shard):
            pairs[shard.path] = (_digests(shard), ())
    for shard in pairing.added:
        if _exact(shard):
            pairs[shard.path] = ((), _digests(shard))
    if not pairs:
        return {}
    return row_changes(pairs, {shard.path: _digests(shard) for shard in pairing.same if _exact(shard)})


def _exact(shard: Shard) -> bool:
    return shard.row_digests is not None and shard.row_digests.exact


def _digests(shard: Shard) -> tuple[int, ...]:
    return digests_of(shard.row_digests.digests) if shard.row_digests is not None else ()


def _tell_missing(missing: Sequence[Shard], rows: Mapping[str, RowChanges]) -> list[Difference]:
    found = []
    for shard in missing[:MOST_LISTED]:
        text = f"{shown(shard.path)} is missing{_size(shard)}."
        found.append(Difference("shard-missing", text, shard.path))
    return found + _rest(missing, "shard-missing", "missing")


def _tell_added(added: Sequence[Shard]) -> list[Difference]:
    found = []
    for shard in added[:MOST_LISTED]:
        text = f"{shown(shard.path)} is new{_size(shard)}."
        found.append(Difference("shard-added", text, shard.path))
    return found + _rest(added, "shard-added", "new")


def _rest(shards: Sequence[Shard], code: str, what: str) -> list[Difference]:
    rest = len(shards) - MOST_LISTED
    if rest <= 0:
        return []
    first = shards[MOST_LISTED].path
    text = f"{counted(rest, 'more file')} {'is' if rest == 1 else 'are'} {what}, {shown(first)} the first."
    return [Difference(code, text, first)]


def _size(shard: Shard) -> str:
    if shard.kind in (OTHER, IMAGE) or shard.rows < 0:
        return ""
    return f" ({counted(shard.rows, 'row')})"
