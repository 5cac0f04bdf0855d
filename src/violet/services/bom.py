"""Bills of materials: make them from models and projects, read, compare and merge them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Digest, UsageError, VioletError
from violet.domain.bom import MODEL, Bom, ModelFacts, Property, Reference, Relation, reference
from violet.domain.component import Component
from violet.engine.sandbox import Death, Job, Limits, run
from violet.services.bom_data import DataTerms, Origins, add_described, attested, descriptions_beside, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.domain.bom import BomDifference
    from violet.domain.provenance import Identity
    from violet.domain.vulnerability import Match, VulnerabilityReport
    from violet.provenance.bom.assemble import Assembled, FileNotes
    from violet.services.configuration import Configuration

    Progress = Callable[[int, int, str], None]

BYTES_PER_SECOND = 20 << 20
"""Reading speed that large files are granted on top of the timeout."""
MOST_FILES = 5_000
"""Files that are listed as components."""
MOST_READ = 20_000
"""Files of one directory that are looked into."""
UNREAD = (
    ".py", ".pyc", ".pyi", ".ipynb", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".mp4", ".wav", ".mp3", ".csv",
    ".tsv", ".parquet", ".arrow", ".jsonl", ".html", ".css", ".js", ".so", ".dll", ".c", ".cpp", ".h", ".rs", ".go",
)  # fmt: skip
"""Suffixes of files that say nothing of a model or of dependencies."""
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile")
INSTALLED = ("node_modules", "build", "dist", "__pycache__")
"""What lies at the top of a project's directory, and is made by tools; hidden directories and virtual environments are
as well."""
SIGNATURE_SUFFIX = ".sig"
ATTESTATIONS_SUFFIX = ".attestations"
ENVELOPE_SUFFIX = ".dsse.json"
MOST_ENVELOPES = 200
DOCUMENTS = ("cyclonedx", "spdx")
"""Formats of documents that are bills themselves."""


@dataclass(frozen=True, slots=True)
class BomOptions:
    """What a bill is made of.

    ``path`` is a model or project, or ``""`` where ``environment`` names a virtual environment (or ``.``: the one
    that Violet runs in) instead; ``training`` and ``testing`` are paths of data, of which ``data`` says more;
    ``supplier``, ``version``, ``location``, ``released`` and ``licenses`` state what the artifact does not;
    ``endpoints`` are URLs at which it is served. ``configuration`` says where attestations lie and whose are believed:
    these tell what a model was made from (without it they are not looked into). ``jobs`` is the number of workers
    (0: as many as processors), ``timeout`` in seconds for one file, ``memory`` in bytes for one worker.
    """

    path: str = ""
    environment: str = ""
    training: tuple[str, ...] = ()
    testing: tuple[str, ...] = ()
    data: DataTerms = field(default_factory=DataTerms)
    supplier: str = ""
    version: str = ""
    location: str = ""
    released: str = ""
    licenses: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    configuration: Configuration | None = None
    jobs: int = 0
    timeout: float = 120.0
    memory: int = 1 << 30
    cache: bool = True


def make_bom(options: BomOptions, progress: Progress | None = None) -> Bom:
    """Read an artifact. Nothing in it is loaded, imported or executed; each file is read in a worker process.

    ``progress(done, total, path)`` counts files. Raises ``VioletError`` for what does not exist, cannot be read or
    changes meanwhile.
    """
    if not options.path:
        return _of_environment(options)
    from violet.provenance.bom.assemble import assemble
    from violet.provenance.identity import identify

    if not os.path.exists(options.path):
        raise UsageError(f"{options.path} does not exist.", "Give a model file, a model directory or a project.")
    left_out = _not_of_the_project(options.path)
    before = _states(options.path)
    identity = identify(options.path, jobs=options.jobs, cache=options.cache, ignore=left_out, links=True)
    listed = _files(options.path, identity)
    if not identity.is_directory:
        listed += descriptions_beside(options.path)
    gaps: list[str] = []
    if len(listed) > MOST_READ:
        gaps.append(f"{len(listed) - MOST_READ:,} of {len(listed):,} files were not looked into")
        listed = listed[:MOST_READ]
    notes = _read_all(listed, options, progress)
    after = _states(options.path)
    if any(before.get(place) is None or before[place] != after.get(place) for place, _, _ in listed):
        raise VioletError(f"{options.path} changed while it was read.", "Try again when nothing writes to it.")
    assembled = assemble(notes)
    origins = Origins()
    if options.configuration is not None:
        origins = attested(options.path, identity, options.configuration)
    for paths, role in ((options.training, "training"), (options.testing, "testing")):
        state(origins, paths, role, options.data, jobs=options.jobs, cache=options.cache)
    for data in assembled.datasets:
        origins.add(data)
    add_described(origins, assembled.described, identity)
    bom = _bill(options, identity, assembled, origins, gaps)
    if options.environment:
        bom = _with_environment(bom, options.environment)
    return bom


def _not_of_the_project(path: str) -> list[str]:
    """In the directory of a project: what tools put there, which is not part of it."""
    if not any(os.path.isfile(os.path.join(path, name)) for name in PROJECT_FILES):
        return []
    found: list[str] = []
    for entry in sorted(os.scandir(path), key=lambda e: e.name):
        if entry.is_symlink() or not entry.is_dir():
            continue
        environment = os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
        if environment or entry.name in INSTALLED or entry.name.startswith(".") or entry.name.endswith(".egg-info"):
            found.append(entry.name)
    return found


def read_target(payload: list[Any]) -> list[Any]:
    """What a worker does for one file."""
    from violet.provenance.bom.facts import file_facts
    from violet.provenance.bom.observation import encode

    path, name = payload
    return encode(file_facts(path, name))


def _files(path: str, identity: Identity) -> list[tuple[str, str, int]]:
    """Path on disk, path relative to the subject, size: of every file worth looking into."""
    if not identity.is_directory:
        return [(path, identity.name, identity.size)]
    return [
        (os.path.join(path, *file.path.split("/")), file.path, file.size)
        for file in identity.files
        if not file.path.lower().endswith(UNREAD) or file.path.rpartition("/")[2] == "setup.py"
    ]


def _states(path: str) -> dict[str, tuple[int, ...]]:
    """What the system says of every file there, and of the descriptions beside a file: any write to one, and any other
    file in its place, changes that. Taken before the artifact is hashed and after it was read, so that both were of the
    same content."""
    places = [path, *(place for place, _, _ in descriptions_beside(path))]
    if os.path.isdir(path):
        places = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    found: dict[str, tuple[int, ...]] = {}
    for place in places:
        try:
            status = os.stat(place)
        except OSError:
            continue
        found[place] = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


def _read_all(listed: list[tuple[str, str, int]], options: BomOptions, progress: Progress | None) -> list[FileNotes]:
    import violet.provenance.bom.facts  # noqa: F401  (what workers need is loaded before they are forked)
    from violet.provenance.bom.assemble import FileNotes
    from violet.provenance.bom.observation import Notes, decode

    jobs = [
        Job([path, name.rpartition("/")[2]], size, options.timeout + size // BYTES_PER_SECOND)
        for path, name, size in listed
    ]
    workers = options.jobs or min(_processors(), -(-len(jobs) // 24))
    limits = Limits(memory=options.memory, seconds=options.timeout)
    found: list[FileNotes] = []
    for done, (index, answer) in enumerate(run(read_target, jobs, workers=max(1, workers), limits=limits), 1):
        name = listed[index][1]
        if not isinstance(answer, Death):
            try:
                found.append(FileNotes(name, decode(answer)))
            except ValueError as error:
                answer = Death("protocol", f"sent something that is no answer ({error})")
        if isinstance(answer, Death):
            found.append(FileNotes(name, Notes(gaps=[f"the process that read it {answer.reason}"])))
        if progress is not None:
            progress(done, len(jobs), name)
    return found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# -- putting it together -----------------------------------------------------------------------------


def _bill(options: BomOptions, identity: Identity, found: Assembled, origins: Origins, gaps: list[str]) -> Bom:
    facts = _stated(found.main, options)
    gaps = [*origins.gaps, *gaps]
    if found.is_project:
        kind = "application"
    elif found.main_files or found.parts or facts.base_models:
        kind = MODEL
    else:
        kind = "application" if found.packages else "file"
        if not found.packages:
            gaps = [*gaps, "nothing that Violet knows as a model, or as a list of packages, was found in it"]
    name = next((value for key, value in found.properties if key == "project:pyproject" and value != "read"), "")
    subject = Component(
        name if found.is_project and name else identity.name,
        facts.version,
        kind,
        hashes=(identity.digest,),
        licenses=facts.licenses,
    )
    ref = reference(subject)
    components: list[Component] = []
    relations: list[Relation] = []
    models: list[tuple[str, ModelFacts]] = []
    digests = {file.path: file.digest for file in identity.files}
    for path, files, part_facts in found.parts:
        name = path if len(files) == 1 else path.rpartition("/")[0] or path
        hashes = (digests[path],) if len(files) == 1 else ()
        part = Component(name, part_facts.version, MODEL, hashes=hashes, licenses=part_facts.licenses, origin=path)
        components.append(part)
        models.append((reference(part), part_facts))
        relations.append(Relation(ref, "contains", reference(part)))
    alone = {path for path, files, _ in found.parts if len(files) == 1}
    components += _file_components(identity, found, alone, ref, relations, gaps)
    attested_bases = {part.name for part in origins.bases}
    named = [part for part in map(base_model, facts.base_models) if part.name not in attested_bases]
    for part in (*origins.bases, *named):
        components.append(part)
        relations.append(Relation(ref, "derived-from", reference(part)))
    properties = [Property("", f"violet:{name}", value) for name, value in found.properties] + origins.properties
    for part in found.packages:
        components.append(part)
        relations.append(Relation(ref, "depends-on", reference(part)))
        if part in found.optional:
            properties.append(Property(reference(part), "violet:scope", found.optional[part]))
    for data in origins.datasets:
        if data.role:
            relations.append(Relation(ref, "tested-on" if data.role == "testing" else "trained-on", reference(data)))
    if options.supplier:
        properties.append(Property("", "violet:supplier", options.supplier))
    return Bom(
        subject=subject,
        facts=facts,
        components=tuple(dict.fromkeys(components)),
        datasets=tuple(dict.fromkeys(origins.datasets)),
        relations=tuple(dict.fromkeys(relations)),
        references=(*_references(options.path), *(Reference("endpoint", url) for url in options.endpoints)),
        properties=tuple(dict.fromkeys(properties)),
        models=tuple(models),
        gaps=(*found.gaps, *gaps),
        conflicts=found.conflicts,
    )


def _stated(facts: ModelFacts, options: BomOptions) -> ModelFacts:
    """What the caller states counts where the artifact is silent, and beside what it says where lists are given."""
    from violet.domain.bom import Basis, Source
    from violet.provenance.bom.licenses import normal_license

    sources = list(facts.sources)
    changes: dict[str, Any] = {}
    for name, value, option in (
        ("version", options.version, "--model-version"),
        ("location", options.location, "--location"),
        ("created", options.released, "--released"),
        ("producer", options.supplier, "--supplier"),
    ):
        if value:
            changes[name] = value
            sources.append(Source(name, value, Basis.CLAIMED, option))
    if options.licenses:
        stated = tuple(normal_license(text) for text in options.licenses)
        changes["licenses"] = tuple(sorted({*facts.licenses, *stated}))
        sources.append(Source("licenses", ", ".join(stated), Basis.CLAIMED, "--license"))
    return replace(facts, **changes, sources=tuple(sources)) if changes else facts


def base_model(name: str) -> Component:
    """The component of a base model that is known by name only: a repository of the Hugging Face Hub where the name
    is of that form, or a URL there."""
    import re

    short = re.sub(r"^https?://huggingface\.co/", "", name.strip()).rstrip("/")
    if re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", short):
        return Component(short, type=MODEL, purl=f"pkg:huggingface/{short}")
    return Component(name, type=MODEL)


def _file_components(
    identity: Identity, found: Assembled, alone: set[str], ref: str, relations: list[Relation], gaps: list[str]
) -> list[Component]:
    """The files of a model directory; of a project only those that hold models. A model that is one file of its own
    is a component already."""
    listed = [file for file in identity.files if file.path not in alone]
    if found.is_project:
        shards = {path for _, files, _ in found.parts for path in files}
        listed = [file for file in listed if file.path in shards]
    if len(listed) > MOST_FILES:
        gaps.append(f"{len(listed) - MOST_FILES:,} of {len(listed):,} files are not listed")
    made: list[Component] = []
    for file in listed[:MOST_FILES]:
        part = Component(file.path, type="file", hashes=(file.digest,))
        made.append(part)
        relations.append(Relation(ref, "contains", reference(part)))
    return made


def _references(path: str) -> Iterable[Reference]:
    """The signature and the attestations that lie beside the artifact, with their digests."""
    import hashlib

    from violet.provenance.stores import read

    base = os.path.abspath(path)
    folder, name = os.path.split(base)
    candidates = [("signature", name + SIGNATURE_SUFFIX)]
    try:
        inside = sorted(os.listdir(base + ATTESTATIONS_SUFFIX))[:MOST_ENVELOPES]
    except OSError:
        inside = []
    candidates += [
        ("attestation", f"{name}{ATTESTATIONS_SUFFIX}/{entry}") for entry in inside if entry.endswith(ENVELOPE_SUFFIX)
    ]
    for kind, relative in candidates:
        stored = read(os.path.join(folder, *relative.split("/")))  # a regular file within bounds, and no link
        if not stored.problem:
            yield Reference(kind, relative, (Digest("sha256", hashlib.sha256(stored.content).hexdigest()),))


# -- environments ------------------------------------------------------------------------------------


def _of_environment(options: BomOptions) -> Bom:
    if not options.environment:
        raise UsageError("There is nothing to make a bill of.", "Name a model or a project: violet bom PATH")
    name = "environment" if options.environment == "." else os.path.basename(os.path.abspath(options.environment))
    return _with_environment(Bom(Component(name, type="application")), options.environment)


def _with_environment(bom: Bom, place: str) -> Bom:
    """The bill with what is installed: each distribution, and the digest of its record of files."""
    from violet.provenance.bom.environment import installed, interpreter, record_digests
    from violet.provenance.bom.merge import with_packages

    place = "" if place == "." else place
    packages = installed(place)
    records = record_digests(place)
    properties = [
        Property(reference(part), "violet:record-sha256", records[part.name])
        for part in packages
        if part.name in records
    ]
    if not place:
        properties.append(Property("", "violet:python", interpreter()))
    bom = with_packages(bom, packages)
    return replace(bom, properties=(*bom.properties, *properties))


# -- documents ---------------------------------------------------------------------------------------


def known_vulnerabilities(bom: Bom, configuration: Configuration) -> VulnerabilityReport:
    """What the imported advisories say of its packages. Raises ``VioletError`` where none were imported."""
    import datetime

    from violet.services.vulnerabilities import database_directory, match

    return match(
        bom.components,
        database=database_directory(configuration),
        now=datetime.datetime.now(datetime.UTC),
        subject=bom.subject,
    )


def render_document(
    bom: Bom, fmt: str, *, spec_version: str = "", timestamp: str = "", matches: Sequence[Match] = ()
) -> str:
    """The bill as a CycloneDX (``1.6`` by default, or ``1.7``) or SPDX 3.0.1 document; ``matches`` are known
    vulnerabilities of its components."""
    if fmt == "cyclonedx":
        from violet.provenance.bom import cyclonedx

        version = spec_version or "1.6"
        if version not in cyclonedx.VERSIONS:
            raise UsageError(f"CycloneDX {version} is not written.", f"Use one of {', '.join(cyclonedx.VERSIONS)}.")
        return cyclonedx.text(
            cyclonedx.document(bom, __version__, spec_version=version, timestamp=timestamp, matches=matches)
        )
    if fmt == "spdx":
        from violet.provenance.bom import spdx

        if spec_version not in ("", "3.0", "3.0.1"):
            raise UsageError(f"SPDX {spec_version} is not written.", "Leave --spec-version out: it is 3.0.1.")
        return spdx.text(spdx.document(bom, __version__, timestamp=timestamp, matches=matches))
    raise UsageError(f"{fmt!r} is not a format of bills of materials.", f"Use one of {', '.join(DOCUMENTS)}.")


def load_bom(path: str, options: BomOptions | None = None, progress: Progress | None = None) -> Bom:
    """The bill that a file is, or the one of the model or project at ``path``. Raises ``VioletError``."""
    from violet.provenance.bom.reader import read_bom_file

    if os.path.isfile(path):
        found = read_bom_file(path)
        if found is not None:
            return found
    return make_bom(replace(options or BomOptions(), path=path), progress)


def difference(before: str, after: str, options: BomOptions | None = None) -> BomDifference:
    """What changed between two bills, models or projects. Raises ``VioletError``."""
    from violet.provenance.bom.compare import compare

    return compare(load_bom(before, options), load_bom(after, options))


def merged(paths: Iterable[str], options: BomOptions | None = None, name: str = "") -> Bom:
    """One bill of several. Raises ``VioletError``."""
    from violet.provenance.bom.merge import merge

    boms = [load_bom(path, options) for path in paths]
    if not boms:
        raise UsageError("There is nothing to merge.", "Name two bills or more: violet bom merge A B")
    return merge(boms, name)


def for_policy(bom: Bom) -> dict[str, Any]:
    """The bill as plain values, for expressions of a policy. See ``violet.provenance.bom.summary``."""
    from violet.provenance.bom.summary import summary

    return summary(bom)
