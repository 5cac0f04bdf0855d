"""What the checks of images share: what Dockerfiles, Compose files and pipelines start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.checks.base import Context
    from violet.formats.project.images import Image

MOVING = frozenset(("", "latest", "main", "master", "edge", "nightly", "dev", "stable", "rolling", "current"))
"""Tags that are meant to be moved."""


def images(context: Context) -> Iterator[tuple[Image, int, str]]:
    """Each image that is fetched, its line, and for what."""
    from violet.formats.project.compose import ComposeFacts
    from violet.formats.project.dockerfile import DockerfileFacts
    from violet.formats.project.pipelines import PipelineFacts

    facts = context.node.parsed.facts
    if isinstance(facts, DockerfileFacts):
        for stage in facts.stages:
            if stage.image is not None:
                yield stage.image, stage.region.line, "The image is built on"
    elif isinstance(facts, ComposeFacts):
        for service in facts.services:
            if service.image is not None and service.region is not None:
                yield service.image, service.region.line, f"The service {service.name} runs"
    elif isinstance(facts, PipelineFacts):
        for use in facts.uses:
            if use.image is not None:
                yield use.image, use.line, "The pipeline runs in"
