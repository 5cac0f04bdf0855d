"""From what was read in many files to what one model or project is.

Files are grouped: shards of one set of weights count together, several sets in one directory (the same model as
safetensors and as a pickle, or in several quantisations) count once, and models in directories below are parts of
their own. Documents speak of the weights that lie beside them.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet.domain.asset import Digest
from violet.domain.bom import NUMBERS, SEVERAL, SINGLE, Basis, Dataset, Metric, ModelFacts, Source, TensorSpec
from violet.domain.component import Component
from violet.formats.project.facts import canonical
from violet.formats.project.facts import purl as package_url
from violet.provenance.bom.data_manifest import Described
from violet.provenance.bom.licenses import normal_license
from violet.provenance.bom.observation import Package

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.provenance.bom.observation import Notes, Observation

_SHARD = re.compile(r"(.+?)[-_.](\d{3,6})-of-(\d{3,6})(\.[A-Za-z0-9.]+)$")
_PREFERRED = ("safetensors", "gguf", "onnx", "keras", "tensorflow-savedmodel", "torch", "skops", "xgboost", "lightgbm",
              "pickle", "hdf5", "numpy")  # fmt: skip
_ORDER = {Basis.MEASURED: 0, Basis.DECLARED: 1, Basis.CLAIMED: 2}
_FRAMEWORK_PACKAGES = frozenset(
    "torch tensorflow keras scikit-learn xgboost lightgbm catboost transformers diffusers sentence-transformers peft"
    " onnx jax flax lightning pytorch-lightning spacy statsmodels mlflow".split()
)
_QUIET = frozenset(("description", "location", "producer", "created", "tokenizer", "format", "version", "task"))
"""Facts for which two places may well say different things."""
_SUMMED = ("tensors", "parameters", "dtypes")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "pipfile")
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class FileNotes:
    """What was read in one file; ``path`` is relative to the subject with ``/``, its name where that is one file."""

    path: str
    notes: Notes

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    @property
    def weights(self) -> str:
        """The format of the weights in it, or ``""``."""
        return next((str(o.value) for o in self.notes.observations if o.fact == "weights"), "")


@dataclass(slots=True)
class Assembled:
    """``main`` are the facts of the subject, ``parts`` those of further models, by the path of their first file."""

    main: ModelFacts = field(default_factory=ModelFacts)
    main_files: tuple[str, ...] = ()
    parts: list[tuple[str, tuple[str, ...], ModelFacts]] = field(default_factory=list)
    datasets: tuple[Dataset, ...] = ()
    described: tuple[Described, ...] = ()
    """Data sets whose descriptions lie with the subject."""
    packages: tuple[Component, ...] = ()
    optional: dict[Component, str] = field(default_factory=dict)
    """Packages that are not needed to run, and the group that asks for them."""
    references: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    gaps: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    is_project: bool = False


def assemble(files: list[FileNotes]) -> Assembled:
    made = Assembled()
    files = sorted(files, key=lambda f: f.path)
    made.is_project = any(f.path.lower() in _PROJECT_FILES for f in files)
    groups = _groups(files)
    main = None if made.is_project else _main(groups)
    documents = [f for f in files if not f.weights]
    if main is not None:
        own = groups.pop(main)
        beside = [f for f in documents if f.folder in ("", main[0])]
        made.main_files = tuple(f.path for f in own)
        made.main = _facts([*own, *beside], own)
    else:
        made.main = _facts([f for f in documents if not f.folder], [])
    for (folder, _, _), own in groups.items():
        beside = [] if main is not None and folder in ("", main[0]) else [f for f in documents if f.folder == folder]
        beside = [f for f in beside if f.folder]
        made.parts.append((own[0].path, tuple(f.path for f in own), _facts([*own, *beside], own)))
    made.datasets = _datasets(files)
    made.described = tuple(
        Described(f.path, v[0], _known_digest(v[1]), v[2], v[3] - 1, v[4], v[5])
        for f in files
        for v in _values(f.notes.observations, "described")
    )
    made.packages, made.optional, quarrels = _packages(files)
    made.references = tuple(
        dict.fromkeys((str(k), str(v)) for f in files for k, v in _values(f.notes.observations, "reference"))
    )
    made.properties = _properties(files)
    made.gaps = tuple(f"{f.path}: {gap}" for f in files for gap in f.notes.gaps)
    made.conflicts = (*made.main.conflicts, *quarrels)
    return made


Key = tuple[str, str, str]
"""Folder, format and name without the number of the shard."""


def _groups(files: Iterable[FileNotes]) -> dict[Key, list[FileNotes]]:
    found: dict[Key, list[FileNotes]] = {}
    for file in files:
        if file.weights:
            name = posixpath.basename(file.path)
            shard = _SHARD.match(name)
            stem = f"{shard[1]}{shard[4]}-of-{shard[3]}" if shard else name
            found.setdefault((file.folder, file.weights, stem), []).append(file)
    return found


def _main(groups: dict[Key, list[FileNotes]]) -> Key | None:
    """The weights that the subject itself is: those nearest to its top, in the format that is preferred."""
    if not groups:
        return None
    depth = min(_depth(key[0]) for key in groups)
    near = [key for key in groups if _depth(key[0]) == depth]
    if depth and len({key[0] for key in near}) > 1:
        return None  # several models side by side, none of which is the whole

    def rank(key: Key) -> tuple[int, int, str]:
        form = _PREFERRED.index(key[1]) if key[1] in _PREFERRED else len(_PREFERRED)
        return form, -sum(len(f.notes.observations) for f in groups[key]), key[2]

    return min(near, key=rank)


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _facts(files: list[FileNotes], weights: list[FileNotes]) -> ModelFacts:
    """The facts that files give together; what is counted is summed over the shards."""
    by_fact: dict[str, list[tuple[FileNotes, Observation]]] = {}
    for file in files:
        for observation in file.notes.observations:
            by_fact.setdefault(observation.fact, []).append((file, observation))
    known: dict[str, Any] = {}
    sources: list[Source] = []
    conflicts: list[str] = []
    for name in SINGLE:
        seen = by_fact.get(name, [])
        if name in _SUMMED:
            _sum(name, [entry for entry in seen if entry[0].weights], known, sources)
        elif name == "parameters_claimed":
            _claimed(seen, known, sources)
        else:
            _choose(name, seen, known, sources, conflicts)
    for name in SEVERAL:
        _collect(name, by_fact.get(name, []), known, sources)
    forms = {f.notes.format for f in weights}
    if len(forms) == 1:
        known["format"] = forms.pop()
        sources.append(Source("format", known["format"], Basis.MEASURED, weights[0].path))
    counted, claimed = known.get("parameters"), known.get("parameters_claimed")
    if counted is not None and claimed is not None and counted != claimed:
        conflicts.append(f"parameters: {counted:,} are in the tensors, but {claimed:,} are claimed")
    ordered = tuple(sorted(dict.fromkeys(sources), key=lambda s: (s.fact, _ORDER[s.basis], s.origin, s.value)))
    return ModelFacts(**known, sources=ordered, conflicts=tuple(conflicts))


Seen = list[tuple["FileNotes", "Observation"]]


def _origin(file: FileNotes, observation: Observation) -> str:
    return f"{file.path}#{observation.key}" if observation.key else file.path


def _sum(name: str, seen: Seen, known: dict[str, Any], sources: list[Source]) -> None:
    if not seen:
        return
    basis = max((o.basis for _, o in seen), key=_ORDER.__getitem__)
    total = sum(int(o.value) for _, o in seen)
    known[name] = total
    for file, observation in seen:
        sources.append(Source(name, str(observation.value), basis, _origin(file, observation)))


def _claimed(seen: Seen, known: dict[str, Any], sources: list[Source]) -> None:
    """What a header of its own claims is summed; an index states the total."""
    if not seen:
        return
    index = [(f, o) for f, o in seen if f.path.endswith(".index.json")]
    known["parameters_claimed"] = sum(int(o.value) for _, o in (index[:1] or seen))
    for file, observation in index[:1] or seen:
        origin = _origin(file, observation)
        sources.append(Source("parameters_claimed", str(observation.value), Basis.CLAIMED, origin))


def _choose(name: str, seen: Seen, known: dict[str, Any], sources: list[Source], conflicts: list[str]) -> None:
    if not seen:
        return
    ranked = sorted(seen, key=lambda entry: (_ORDER[entry[1].basis], entry[0].path))
    file, best = ranked[0]
    known[name] = int(best.value) if name in NUMBERS else str(best.value)
    if name == "framework_version" and "framework" in known:
        # The version of another framework says nothing of this one.
        same = [(f, o) for f, o in ranked if _framework_of(f) in ("", known["framework"])]
        if same:
            file, best = same[0]
            known[name] = str(best.value)
            ranked = same
    if name == "tokenizer":
        parts = dict.fromkeys(str(o.value) for _, o in sorted(seen, key=lambda entry: entry[0].path))
        known[name] = "; ".join(parts)
    for f, observation in ranked:
        sources.append(Source(name, str(observation.value)[:LONGEST_VALUE], observation.basis, _origin(f, observation)))
        differs = str(observation.value).casefold() != str(best.value).casefold()
        if differs and name not in _QUIET:
            conflicts.append(
                f"{name}: {str(best.value)[:80]!r} says {_origin(file, best)}, but {_origin(f, observation)} says"
                f" {str(observation.value)[:80]!r}"
            )


def _framework_of(file: FileNotes) -> str:
    return next((str(o.value) for o in file.notes.observations if o.fact == "framework"), "")


def _collect(name: str, seen: Seen, known: dict[str, Any], sources: list[Source]) -> None:
    if not seen:
        return
    if name == "dtypes":
        sums: dict[str, int] = {}
        for _, observation in seen:
            dtype, number = observation.value
            sums[dtype] = sums.get(dtype, 0) + number
        known[name] = tuple(sorted(sums.items()))
    elif name in ("inputs", "outputs"):
        # A signature that was measured or declared stands for itself: several are not mixed.
        best = min((_ORDER[o.basis], f.path) for f, o in seen)
        seen = [(f, o) for f, o in seen if (_ORDER[o.basis], f.path) == best]
        known[name] = tuple(dict.fromkeys(TensorSpec(o.value[0], o.value[1], tuple(o.value[2])) for _, o in seen))
    elif name == "metrics":
        known[name] = tuple(dict.fromkeys(Metric(*o.value) for _, o in seen))
    elif name == "licenses":
        known[name] = tuple(sorted({normal_license(str(o.value)) for _, o in seen}))
    elif name in ("hyperparameters", "considerations"):
        known[name] = tuple(dict.fromkeys((str(o.value[0]), str(o.value[1])) for _, o in seen))
    else:
        known[name] = tuple(dict.fromkeys(str(o.value) for _, o in seen))
    if name in ("base_models", "languages", "classes"):
        known[name] = tuple(sorted(known[name]))
    counted: dict[tuple[Basis, str], list[str]] = {}
    for file, observation in seen:
        shown = observation.value if isinstance(observation.value, str) else str(observation.value[0])
        short = observation.key if name not in ("hyperparameters", "classes") else observation.key.partition(".")[0]
        counted.setdefault((observation.basis, f"{file.path}#{short}"), []).append(shown)
    for (basis, origin), values in counted.items():
        sources.append(Source(name, ", ".join(dict.fromkeys(values))[:LONGEST_VALUE], basis, origin))


def _values(observations: Iterable[Observation], fact: str) -> list[Any]:
    return [o.value for o in observations if o.fact == fact]


def _datasets(files: Iterable[FileNotes]) -> tuple[Dataset, ...]:
    found: dict[tuple[str, str], Dataset] = {}
    for file in files:
        for o in file.notes.observations:
            if o.fact == "dataset":
                name, role, location = o.value
                made = Dataset(name, role, location=location, origin=f"{file.path}#{o.key}")
                kept = found.setdefault((name, role), made)
                if not kept.location and location:
                    found[name, role] = made
    return tuple(found[key] for key in sorted(found))


def _known_digest(text: str) -> Digest:
    algorithm, _, value = text.partition(":")
    return Digest(algorithm, value)


def _properties(files: Iterable[FileNotes]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for file in files:
        for o in file.notes.observations:
            if o.fact == "property" and o.value[1]:
                found[str(o.value[0]), str(o.value[1])] = None
            elif o.fact == "name":
                found["declared-name", str(o.value)] = None
    return tuple(sorted(found))


# -- packages ----------------------------------------------------------------------------------------


def _packages(files: Iterable[FileNotes]) -> tuple[tuple[Component, ...], dict[Component, str], list[str]]:
    """Every package once for each version that is named; what names no version gives way to what does."""
    named: dict[tuple[str, str], list[tuple[Component, str]]] = {}
    for file in files:
        for o in file.notes.observations:
            entry = _package(o, file.path)
            if entry is not None:
                named.setdefault((entry[0].ecosystem, entry[0].name), []).append(entry)
    components: list[Component] = []
    groups: dict[Component, str] = {}
    conflicts: list[str] = []
    for key in sorted(named):
        kept = _settled(named[key], conflicts)
        components.extend(part for part, _ in kept)
        groups.update({part: group for part, group in kept if group})
    return tuple(components), groups, conflicts


def _package(o: Observation, path: str) -> tuple[Component, str] | None:
    if o.fact == "component":
        name, version, specifier = o.value
        purl = package_url("pypi", canonical(name), version)
        kind = "framework" if name in _FRAMEWORK_PACKAGES else "library"
        return Component(name, version, kind, "PyPI", purl, specifier, origin=f"{path}#{o.key}"), ""
    if o.fact != "package" or not isinstance(o.value, Package):
        return None
    given = o.value
    hashes = tuple(sorted((d for d in map(_digest, given.hashes) if d), key=str))
    kind = "framework" if given.name in _FRAMEWORK_PACKAGES else "library"
    made = Component(given.name, given.version, kind, given.ecosystem, given.purl, given.specifier, hashes)
    return replace(made, origin=f"{path}:{o.key}"), given.group


def _digest(text: str) -> Digest | None:
    algorithm, colon, value = text.partition(":")
    return Digest(algorithm, value) if colon and value else None


def _settled(entries: list[tuple[Component, str]], conflicts: list[str]) -> list[tuple[Component, str]]:
    from violet.provenance.bom.versions import allows

    by_version: dict[str, list[tuple[Component, str]]] = {}
    for part, group in entries:
        by_version.setdefault(part.version, []).append((part, group))
    open_ended = by_version.pop("", []) if len(by_version) > 1 else []
    kept: list[tuple[Component, str]] = []
    for version in sorted(by_version):
        parts = by_version[version]
        first = parts[0][0]
        hashes = tuple(sorted({d for part, _ in parts for d in part.hashes}, key=str))
        specifier = next((part.specifier for part, _ in parts if part.specifier), "")
        # What one place needs to run is needed, whatever group asks for it elsewhere.
        group = "" if any(not group for _, group in parts) else parts[0][1]
        kept.append((replace(first, specifier=specifier, hashes=hashes), group))
        for part, _ in open_ended:
            if part.specifier and not allows(part.specifier, version):
                asked = f"{part.origin} asks for {part.specifier}"
                conflicts.append(f"{part.name}: {asked}, but {first.origin} has {version}")
    if len(kept) > 1:
        shown = ", ".join(f"{part.version or 'any'} ({part.origin})" for part, _ in kept)
        conflicts.append(f"{kept[0][0].name}: several versions are named: {shown}")
    return kept
