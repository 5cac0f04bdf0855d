"""One bill of materials of several.

Parts that are the same stand once; parts of the same name that differ stay apart, and every such difference is told
in ``conflicts``, as is every fact on which two bills of the same subject disagree. The order of the bills does not
matter for what comes out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from violet.domain import UsageError
from violet.domain.bom import SEVERAL, SINGLE, Basis, Bom, ModelFacts, Relation, identity_of, reference
from violet.domain.component import Component

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.bom import Dataset

T = TypeVar("T")

_ORDER = {basis: place for place, basis in enumerate(Basis)}


def merge(boms: Sequence[Bom], name: str = "") -> Bom:
    """Bills of the same subject become one bill of it; others become one of a new subject called ``name`` (default:
    the names of the subjects) that contains them all. Raises ``UsageError`` where there is none."""
    if not boms:
        raise UsageError("There is nothing to merge.", "Name two bills or more.")
    subjects = {reference(bom.subject): bom.subject for bom in boms}
    conflicts = {conflict for bom in boms for conflict in bom.conflicts}
    components: dict[str, Component] = {}
    for bom in boms:
        for part in bom.components:
            _add(components, part, conflicts)
    models = _models(boms, conflicts)
    relations = {relation for bom in boms for relation in bom.relations}
    if len(subjects) == 1:
        ref, subject = next(iter(subjects.items()))
        subject = _joined([bom.subject for bom in boms], conflicts)
        facts = models.pop(ref, ModelFacts())
        components.pop(ref, None)
    else:
        label = name or " + ".join(sorted({part.name for part in subjects.values()}))
        subject = Component(label, type="application")
        facts = ModelFacts()
        for bom in boms:
            _add(components, bom.subject, conflicts)
        for ref in subjects:
            relations.add(Relation(reference(subject), "contains", ref))
    _told_apart(components.values(), conflicts)
    return Bom(
        subject=subject,
        facts=facts,
        components=tuple(components[ref] for ref in sorted(components)),
        datasets=_datasets(boms, conflicts),
        relations=_sorted(relations),
        references=_sorted({entry for bom in boms for entry in bom.references}),
        properties=_sorted({entry for bom in boms for entry in bom.properties}),
        models=tuple((ref, models[ref]) for ref in sorted(models) if ref in components),
        gaps=_sorted({gap for bom in boms for gap in bom.gaps}),
        conflicts=_sorted(conflicts),
    )


def with_packages(bom: Bom, packages: Iterable[Component]) -> Bom:
    """The bill with packages that are installed for its subject.

    What the bill named without a version gives way to what is installed; that something else is installed than what
    the bill asks for is told in ``conflicts``.
    """
    from violet.provenance.bom.versions import allows

    ref = reference(bom.subject)
    named: dict[tuple[str, str, str], list[Component]] = {}
    for part in bom.components:
        named.setdefault(identity_of(part), []).append(part)
    replaced: dict[str, str] = {}
    added: list[Component] = []
    conflicts: list[str] = []
    for part in packages:
        asked = named.get(identity_of(part), [])
        if part in asked:
            continue
        for other in asked:
            if not other.version and not other.hashes:
                part = replace(part, specifier=other.specifier)
            missed = other.version != part.version if other.version else not allows(other.specifier, part.version)
            if missed:
                wanted = other.version or other.specifier
                conflicts.append(f"{part.name}: {other.origin} asks for {wanted}, but {part.version} is installed")
        replaced.update({reference(o): reference(part) for o in asked if not o.version and not o.hashes})
        added.append(part)
    relations = [
        Relation(replaced.get(r.source, r.source), r.kind, replaced.get(r.target, r.target)) for r in bom.relations
    ]
    relations += [Relation(ref, "depends-on", reference(part)) for part in added]
    return replace(
        bom,
        components=(*(part for part in bom.components if reference(part) not in replaced), *added),
        relations=tuple(dict.fromkeys(relations)),
        properties=tuple(replace(p, part=replaced.get(p.part, p.part)) for p in bom.properties),
        conflicts=(*bom.conflicts, *conflicts),
    )


def _sorted(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(items, key=repr))


def _add(components: dict[str, Component], part: Component, conflicts: set[str]) -> None:
    ref = reference(part)
    kept = components.get(ref)
    components[ref] = _joined([part] if kept is None else [kept, part], conflicts)


def _joined(parts: Sequence[Component], conflicts: set[str]) -> Component:
    """Parts with one reference: name, version and digests are the same, the rest may differ."""
    licenses = sorted({tuple(sorted(part.licenses)) for part in parts if part.licenses})
    if len(licenses) > 1:
        shown = " or ".join(", ".join(names) for names in licenses)
        conflicts.add(f"{parts[0].name}: the bills disagree on the licence: {shown}")
    types = sorted({part.type for part in parts})
    return Component(
        name=min(part.name for part in parts),
        version=min(part.version for part in parts),
        type=types[0],
        ecosystem=max(part.ecosystem for part in parts),
        purl=max(part.purl for part in parts),
        specifier=max(part.specifier for part in parts),
        hashes=tuple(sorted({digest for part in parts for digest in part.hashes}, key=str)),
        licenses=tuple(sorted({name for part in parts for name in part.licenses})),
        origin=min((part.origin for part in parts if part.origin), default=""),
    )


def _told_apart(components: Iterable[Component], conflicts: set[str]) -> None:
    """Packages and files of one name that are not the same."""
    by_identity: dict[tuple[str, str, str], list[Component]] = {}
    for part in components:
        by_identity.setdefault(identity_of(part), []).append(part)
    for parts in by_identity.values():
        if len(parts) < 2:
            continue
        versions = sorted({part.version or part.specifier or "any" for part in parts})
        if len(versions) > 1:
            conflicts.add(f"{parts[0].name}: several versions are named: {', '.join(versions)}")
        else:
            conflicts.add(f"{parts[0].name} {versions[0]}: {len(parts)} parts of this name have different content")


def _models(boms: Sequence[Bom], conflicts: set[str]) -> dict[str, ModelFacts]:
    """The facts of every model, by reference."""
    found: dict[str, list[tuple[str, ModelFacts]]] = {}
    for bom in boms:
        names = {reference(part): part.name for part in (bom.subject, *bom.components)}
        for ref, facts in ((reference(bom.subject), bom.facts), *bom.models):
            if not facts.empty:
                found.setdefault(ref, []).append((names.get(ref, ref), facts))
    return {
        ref: join_facts(entries[0][0], [facts for _, facts in entries], conflicts) for ref, entries in found.items()
    }


def join_facts(name: str, facts: Sequence[ModelFacts], conflicts: set[str]) -> ModelFacts:
    """What several bills say of one model; of two values the better founded one is kept, both are told."""
    known: dict[str, Any] = {}
    own: set[str] = {conflict for entry in facts for conflict in entry.conflicts}
    for field in SINGLE:
        values = {value: _basis(entry, field) for entry in facts if (value := getattr(entry, field)) not in ("", None)}
        for entry in facts:
            value = getattr(entry, field)
            if value not in ("", None):
                values[value] = min(values[value], _basis(entry, field))
        if not values:
            continue
        ordered = sorted(values, key=lambda value: (values[value], str(value)))
        known[field] = ordered[0]
        if len(ordered) > 1:
            shown = ", ".join(repr(value)[:80] for value in ordered)
            own.add(f"{name}: the bills disagree on {field}: {shown}")
    for field in SEVERAL:
        items = {item for entry in facts for item in getattr(entry, field)}
        lists = {getattr(entry, field) for entry in facts}
        # A list that all bills agree on keeps its order, which may mean something.
        known[field] = lists.pop() if len(lists) == 1 else _sorted(items)
    conflicts |= own
    sources = sorted(
        {s for entry in facts for s in entry.sources}, key=lambda s: (s.fact, _ORDER[s.basis], s.origin, s.value)
    )
    return ModelFacts(**known, sources=tuple(sources), conflicts=_sorted(own))


def _basis(facts: ModelFacts, field: str) -> int:
    return min((_ORDER[s.basis] for s in facts.sources if s.fact == field), default=len(_ORDER))


def _datasets(boms: Sequence[Bom], conflicts: set[str]) -> tuple[Dataset, ...]:
    found: dict[str, Dataset] = {}
    for bom in boms:
        for data in bom.datasets:
            ref = reference(data)
            kept = found.get(ref)
            if kept is None:
                found[ref] = replace(data, licenses=tuple(sorted(data.licenses)))
                continue
            for what, old, new in (
                ("licence", kept.licenses, data.licenses),
                ("location", kept.location, data.location),
            ):
                if old and new and old != new:
                    conflicts.add(
                        f"{data.name}: the bills disagree on the {what}: {', '.join(sorted((str(old), str(new))))}"
                    )
            found[ref] = replace(
                kept,
                licenses=tuple(sorted({*kept.licenses, *data.licenses})),
                location=min(filter(None, (kept.location, data.location)), default=""),
                origin=min(filter(None, (kept.origin, data.origin)), default=""),
                size=max(kept.size, data.size),
            )
    return tuple(found[ref] for ref in sorted(found))
