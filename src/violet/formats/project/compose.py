"""Compose files: the images that services start from, and what they are allowed to do.

Source: the Compose specification, "services".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.formats.base import Parsed
from violet.formats.project.images import Image, image
from violet.formats.project.yaml_text import NOTHING, Yaml, YamlError, parse
from violet.formats.text.document import Document, read_document, unexamined_parts
from violet.formats.text.region import Lines, Region

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_SERVICES = 1_000


@dataclass(frozen=True, slots=True)
class Service:
    """One service. ``image`` is ``None`` where it is built here; ``environment`` are the names and literal values
    that it is given, with their lines; ``powers`` are settings that make it as good as root on its host."""

    name: str
    line: int
    image: Image | None
    region: Region | None
    environment: tuple[tuple[str, str, int], ...] = ()
    powers: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class ComposeFacts:
    document: Document
    services: list[Service] = field(default_factory=list)
    problem: str = ""


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    facts = ComposeFacts(document)
    parsed = Parsed(facts=facts, unexamined=unexamined_parts(document))
    try:
        documents = parse(document.text)
    except YamlError as error:
        parsed.unexamined.append(f"services of a file that is not valid YAML ({error})")
        facts.problem = str(error)
        return parsed
    lines = Lines(document.text)
    root = documents[0] if documents else NOTHING
    for name, service in list(root.get("services").entries())[:MOST_SERVICES]:
        facts.services.append(_service(name, service, lines))
    return parsed


def _service(name: str, service: Yaml, lines: Lines) -> Service:
    written = service.get("image")
    region = lines.region(written.inner, written.inner + len(written.value)) if written.value else None
    return Service(
        name=name,
        line=service.line,
        image=image(_default(written.value)) if written.value else None,
        region=region,
        environment=tuple(_environment(service.get("environment"))),
        powers=tuple(_powers(service)),
    )


def _default(text: str) -> str:
    """``${NAME:-default}`` as its default."""
    from violet.formats.project.dockerfile import expand

    return expand(text, {})


def _environment(listed: Yaml) -> list[tuple[str, str, int]]:
    found = [(name, value.value, value.line) for name, value in listed.entries() if value.kind == "scalar"]
    for item in listed.items:
        name, equals, value = item.value.partition("=")
        if equals:
            found.append((name, value, item.line))
    return found[:500]


def _powers(service: Yaml) -> list[tuple[str, int]]:
    found = []
    if service.text("privileged").lower() in ("true", "yes", "on"):
        found.append(("privileged: true", service.get("privileged").line))
    for key in ("network_mode", "pid"):
        if service.text(key) == "host":
            found.append((f"{key}: host", service.get(key).line))
    for volume in service.get("volumes").items:
        source = volume.value or volume.text("source")
        if "/docker.sock" in source or source.startswith("/:/"):
            found.append((f"volume {source[:80]}", volume.line))
    return found
