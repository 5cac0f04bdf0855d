"""What changed between two bills of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.bom import MODEL, NUMBERS, SINGLE, Bom, BomDifference, Change, ModelFacts, identity_of
from violet.provenance.bom.versions import direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from violet.domain.component import Component

_SILENT = ("description",)
LONGEST = 200


def compare(before: Bom, after: Bom) -> BomDifference:
    """Every difference that matters; where things were read and how they are called in the document does not."""
    old, new = _label(before), _label(after)
    components, licenses = _components(before, after)
    return BomDifference(
        old,
        new,
        subject=_subject(before.subject, after.subject),
        facts=(*facts_changes(before.facts, after.facts), *_models(before, after)),
        components=components,
        licenses=(*_licence_change(before.subject.name, before.subject, after.subject), *licenses),
        datasets=_datasets(before, after),
    )


def _label(bom: Bom) -> str:
    part = bom.subject
    digest = f" ({part.hashes[0].algorithm}:{part.hashes[0].value[:12]})" if part.hashes else ""
    return f"{part.name}{' ' + part.version if part.version else ''}{digest}"


def _subject(before: Component, after: Component) -> tuple[Change, ...]:
    found: list[Change] = []
    for what, old, new in (
        ("name", before.name, after.name),
        ("type", before.type, after.type),
        ("digest", _hashes(before), _hashes(after)),
    ):
        if old != new:
            found.append(Change(what, "changed", old, new))
    if before.version != after.version:
        kind = direction(before.version, after.version) if before.version and after.version else "changed"
        found.append(Change("version", kind, before.version, after.version))
    return tuple(found)


def _hashes(part: Component) -> str:
    return ", ".join(sorted(str(digest) for digest in part.hashes))


def facts_changes(before: ModelFacts, after: ModelFacts, prefix: str = "") -> tuple[Change, ...]:
    found: list[Change] = []
    for name in SINGLE:
        old, new = getattr(before, name), getattr(after, name)
        if old != new and name not in _SILENT and name != "version":
            found.append(_change(prefix + name, _shown(name, old), _shown(name, new)))
    found += _map_changes(f"{prefix}dtype", _numbers(before.dtypes), _numbers(after.dtypes))
    for name in ("base_models", "languages", "classes"):
        found += _set_changes(f"{prefix}{name}", getattr(before, name), getattr(after, name))
    for name in ("inputs", "outputs"):
        old_specs = {spec.name: str(spec) for spec in getattr(before, name)}
        new_specs = {spec.name: str(spec) for spec in getattr(after, name)}
        found += _map_changes(f"{prefix}{name.removesuffix('s')}", old_specs, new_specs)
    found += _map_changes(f"{prefix}hyperparameter", dict(before.hyperparameters), dict(after.hyperparameters))
    old_metrics = {f"{m.name} on {m.dataset}" if m.dataset else m.name: m.value for m in before.metrics}
    new_metrics = {f"{m.name} on {m.dataset}" if m.dataset else m.name: m.value for m in after.metrics}
    found += _map_changes(f"{prefix}metric", old_metrics, new_metrics)
    found += _map_changes(f"{prefix}consideration", _joined(before), _joined(after))
    return tuple(found)


def _joined(facts: ModelFacts) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, text in facts.considerations:
        found[kind] = f"{found[kind]}\n{text}" if kind in found else text
    return found


def _numbers(pairs: Iterable[tuple[str, int]]) -> dict[str, str]:
    return {name: f"{number:,}" for name, number in pairs}


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if name in NUMBERS and isinstance(value, int) else str(value)


def _change(what: str, old: str, new: str) -> Change:
    kind = "added" if not old else "removed" if not new else "changed"
    return Change(what, kind, old[:LONGEST], new[:LONGEST])


def _map_changes(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    found: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        first, second = old.get(key), new.get(key)
        if first != second:
            kind = "added" if first is None else "removed" if second is None else "changed"
            found.append(Change(f"{what} {key}", kind, (first or "")[:LONGEST], (second or "")[:LONGEST]))
    return found


def _set_changes(what: str, old: Iterable[str], new: Iterable[str]) -> list[Change]:
    first, second = set(old), set(new)
    found = [Change(what, "removed", name, "") for name in sorted(first - second)]
    return found + [Change(what, "added", "", name) for name in sorted(second - first)]


def _models(before: Bom, after: Bom) -> list[Change]:
    """Facts of the models among the components, which are told by their names."""
    old, new = _by_name(before), _by_name(after)
    found: list[Change] = []
    for name in sorted(old.keys() & new.keys()):
        found += facts_changes(old[name], new[name], f"{name}: ")
    return found


def _by_name(bom: Bom) -> dict[str, ModelFacts]:
    from violet.domain.bom import reference

    facts = dict(bom.models)
    return {part.name: facts[ref] for part in bom.components if (ref := reference(part)) in facts}


Key = tuple[str, str, str]


def _components(before: Bom, after: Bom) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Changes of components, and of the licences of those that stayed."""
    old, new = _grouped(before), _grouped(after)
    changes: list[Change] = []
    licenses: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        first, second = old.get(key, []), new.get(key, [])
        if len(first) == 1 and len(second) == 1:
            changes += _component(first[0], second[0])
            licenses += _licence_change(key[2], first[0], second[0])
            continue
        same = [part for part in first if any(_same(part, other) for other in second)]
        changes += [Change(_named(p), "removed", _detail(p)) for p in first if p not in same]
        changes += [
            Change(_named(p), "added", "", _detail(p)) for p in second if not any(_same(p, other) for other in first)
        ]
    return tuple(changes), tuple(licenses)


def _grouped(bom: Bom) -> dict[Key, list[Component]]:
    found: dict[Key, list[Component]] = {}
    for part in bom.components:
        found.setdefault(identity_of(part), []).append(part)
    return {key: sorted(parts, key=lambda p: (p.version, p.specifier, _hashes(p))) for key, parts in found.items()}


def _same(first: Component, second: Component) -> bool:
    return (first.version, first.specifier, _hashes(first)) == (second.version, second.specifier, _hashes(second))


def _component(first: Component, second: Component) -> list[Change]:
    name = _named(second)
    if first.version != second.version:
        kind = direction(first.version, second.version) if first.version and second.version else "changed"
        return [
            Change(name, kind, first.version or first.specifier or "any", second.version or second.specifier or "any")
        ]
    if first.specifier != second.specifier and not first.version:
        return [Change(name, "changed", first.specifier or "any", second.specifier or "any")]
    if _hashes(first) != _hashes(second):
        return [
            Change(name, "changed", _hashes(first)[:LONGEST] or "no digest", _hashes(second)[:LONGEST] or "no digest")
        ]
    return []


def _named(part: Component) -> str:
    return part.name if part.type not in (MODEL, "file") else f"{part.type} {part.name}"


def _detail(part: Component) -> str:
    return part.version or part.specifier or (_hashes(part)[:LONGEST] if part.hashes else "any")


def _licence_change(name: str, before: Component, after: Component) -> list[Change]:
    old, new = " AND ".join(sorted(before.licenses)), " AND ".join(sorted(after.licenses))
    return [_change(name, old, new)] if old != new else []


def _datasets(before: Bom, after: Bom) -> tuple[Change, ...]:
    old, new = _by_role(before), _by_role(after)
    found: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            found.append(Change(name, "removed", old[name], ""))
        elif name not in old:
            found.append(Change(name, "added", "", new[name]))
        elif old[name] != new[name]:
            found.append(Change(name, "changed", old[name], new[name]))
    return tuple(found)


def _by_role(bom: Bom) -> dict[str, str]:
    """The contents of data sets by name and role: several of one name stand together, so that none hides another."""
    contents: dict[str, list[str]] = {}
    for data in bom.datasets:
        label = f"{data.name} ({data.role})" if data.role else data.name
        contents.setdefault(label, []).append(_bound(data.digests))
    return {label: ", ".join(sorted(bound)) for label, bound in contents.items()}


def _bound(digests: Iterable[object]) -> str:
    return ", ".join(sorted(str(digest) for digest in digests)) or "no digest"
