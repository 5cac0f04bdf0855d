"""Images that are not named by their digest.

## What it looks for

`FROM` in Dockerfiles, `image:` in Compose files and pipelines, without `@sha256:...`: medium where the tag is missing
or one that is meant to move (`latest`, `main`, `nightly`), low for any other tag. Stages of the same file, `scratch`
and references whose variables are not known are not reported.

## Why it matters

Tags are moved, by their owner at every release and by an attacker once: what is built tomorrow starts from something
that nobody examined.

## Example

    FROM pytorch/pytorch:latest

## Fix

Add the digest: `FROM pytorch/pytorch:2.9.0-cuda12.8-cudnn9-runtime@sha256:<digest>`; tools renew it by pull request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.checks.supply_chain._images import MOVING, images
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/unpinned-base-image",
    title="Container image is not named by its digest",
    severity=Severity.LOW,
    fix="Add the digest that was examined: name:tag@sha256:<digest>.",
    techniques=("AML.T0010.004",),
    cwe=(829, 494),
)


@check(RULE, formats=("dockerfile", "compose", "pipeline"))
def judge(context: Context) -> Iterable[Outcome]:
    told: set[str] = set()
    for image, line, what in images(context):
        if image.digest or not image.known or image.text in told:
            continue
        told.add(image.text)
        moving = image.tag.lower() in MOVING
        shown = f"{image.name}:{image.tag}" if image.tag else f"{image.name} without a tag"
        why = "which changes with every release" if moving else "and no digest holds it to that"
        yield context.finding(
            f"{what} {shown}, {why}.",
            evidence=image.text[:200],
            key=image.text[:200],
            line=line,
            severity=Severity.MEDIUM if moving else Severity.LOW,
        )
