"""Images and services that run as root, or as good as root on their host.

## What it looks for

Dockerfiles whose last stage runs something and never leaves root (low), images of others that set `USER root` last;
in Compose files `privileged: true`, the host's network or process space, and the Docker socket or `/` as a volume
(medium).

## Why it matters

Code that a model brings along runs with the rights of the server that loads it. As root in the container it can
replace the server itself, and with the host's socket it is out.

## Example

    FROM python:3.12-slim
    COPY . /app
    CMD ["python", "/app/serve.py"]

## Fix

Make a user and switch to it before the command: `RUN useradd --system app` and `USER app`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="supply_chain/image-runs-as-root",
    title="Container runs as root",
    severity=Severity.LOW,
    fix="Switch to a user of its own before the command (USER app), and take away what gives it the host.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0010.004",),
    cwe=(250,),
)
UNPRIVILEGED = ("nonroot", "distroless", "chainguard", "cgr.dev", "jupyter/", "bitnami", "unprivileged", "scratch")
"""Parts of names of images that start as another user."""


@check(RULE, formats=("dockerfile", "compose"))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.project.compose import ComposeFacts
    from violet.formats.project.dockerfile import DockerfileFacts

    facts = context.node.parsed.facts
    if isinstance(facts, ComposeFacts):
        for service in facts.services:
            for power, line in service.powers:
                yield context.finding(
                    f"The service {service.name} is as good as root on its host.",
                    evidence=power,
                    key=f"{service.name}:{power}",
                    line=line,
                    severity=Severity.MEDIUM,
                )
    elif isinstance(facts, DockerfileFacts) and facts.stages:
        last = facts.stages[-1]
        user = last.user.partition(":")[0]
        starts = any(i.stage == last.index for i in facts.of("CMD", "ENTRYPOINT"))
        named = last.image.text.lower() if last.image is not None else ""
        if user in ("root", "0") or (not user and starts and not any(part in named for part in UNPRIVILEGED)):
            yield context.finding(
                "What the image starts runs as root." if user else "The image never leaves root.",
                evidence=f"USER {user}" if user else f"FROM {last.written}, no USER",
                key="root",
                line=next(
                    (i.line for i in reversed(facts.instructions) if user and i.name == "USER"), last.region.line
                ),
                confidence=Confidence.HIGH if user else Confidence.MEDIUM,
            )
