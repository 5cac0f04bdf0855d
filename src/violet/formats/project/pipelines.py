"""CI pipelines: GitHub Actions workflows and actions, GitLab CI, Azure Pipelines.

Sources: GitHub's "Workflow syntax" and "Metadata syntax", GitLab's "CI/CD YAML syntax reference", Microsoft's "YAML
schema reference". Nothing is expanded but YAML's own aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from violet.formats.base import HEAD, Parsed
from violet.formats.project.images import Image, image
from violet.formats.project.names import pipeline_sort
from violet.formats.project.yaml_text import NOTHING, Yaml, YamlError, parse
from violet.formats.shell.commands import Command, hostile_commands
from violet.formats.text.document import Document, read_document, unexamined_parts
from violet.formats.text.region import Lines, Region

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_STEPS = 5_000
DEEPEST = 6
MOST_OF_ONE = 1_000
"""Characters of one expression that are looked at."""


@dataclass(frozen=True, slots=True)
class Script:
    """Text that a step hands to a shell or an interpreter. ``line`` is the line of its first character."""

    job: str
    text: str
    line: int
    language: str = "shell"


@dataclass(frozen=True, slots=True)
class Use:
    """Something that is fetched and run: ``kind`` is ``action``, ``workflow``, ``include`` or ``image``;
    ``reference`` is what stands behind its ``@``; ``region`` is the exact place of the whole."""

    kind: str
    job: str
    text: str
    name: str
    reference: str
    line: int
    region: Region | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """``${{ ... }}`` where its value becomes part of a script; ``step`` says in whose."""

    job: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """A step that checks out what the pull request holds; ``then`` says that a later step of the job runs or
    uses it."""

    job: str
    text: str
    line: int
    then: bool


@dataclass(frozen=True, slots=True)
class Permissions:
    """``scope`` is ``""`` for the whole workflow, else the job; ``text`` is ``write-all``, or ``name: write``
    entries."""

    scope: str
    text: str
    line: int


@dataclass(slots=True)
class PipelineFacts:
    """One file of the sort ``github``, ``action``, ``gitlab`` or ``azure``."""

    document: Document
    sort: str
    triggers: frozenset[str] = frozenset()
    scripts: list[Script] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    expressions: list[Expression] = field(default_factory=list)
    checkouts: list[Checkout] = field(default_factory=list)
    permissions: list[Permissions] = field(default_factory=list)
    environment: list[tuple[str, str, int]] = field(default_factory=list)
    commands: list[tuple[int, Command]] = field(default_factory=list)
    problem: str = ""


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    facts = PipelineFacts(document, pipeline_sort(reading.name, source.read(0, HEAD)) or "github")
    parsed = Parsed(facts=facts, unexamined=unexamined_parts(document))
    try:
        documents = parse(document.text)
    except YamlError as error:
        facts.problem = str(error)
        parsed.unexamined.append(f"steps of a pipeline that is not valid YAML ({error})")
        return parsed
    reader = _Reader(facts, Lines(document.text))
    for root in documents:
        reader.document(root)
    for script in facts.scripts:
        if script.language == "shell":
            for command in hostile_commands(script.text):
                facts.commands.append((script.line + script.text.count("\n", 0, command.start), command))
    return parsed


def expressions(text: str) -> Iterator[tuple[int, str]]:
    """The texts between ``${{`` and ``}}``, and where each begins."""
    at = text.find("${{")
    while at >= 0:
        end = text.find("}}", at)
        if end < 0:
            return
        yield at, " ".join(text[at + 3 : end][:MOST_OF_ONE].split())
        at = text.find("${{", end)


@cache
def _of_the_request() -> re.Pattern[str]:
    return re.compile(
        r"github\.event\.pull_request\.head\.(?:sha|ref|repo)|github\.head_ref|refs/pull/"
        r"|github\.event\.workflow_run\.head_(?:sha|branch|commit)|github\.event\.(?:number|issue\.number)"
    )


class _Reader:
    def __init__(self, facts: PipelineFacts, lines: Lines) -> None:
        self.facts = facts
        self.lines = lines

    def document(self, root: Yaml) -> None:
        if root.kind != "mapping":
            return
        if self.facts.sort == "github":
            self._github(root)
        elif self.facts.sort == "action":
            self._steps("", root.get("runs", "steps"))
            self._image("", root.get("runs", "image"), "docker://")
        elif self.facts.sort == "gitlab":
            self._gitlab(root)
        else:
            self._azure(root, "", 0)

    # -- GitHub --------------------------------------------------------------------------------------------------

    def _github(self, root: Yaml) -> None:
        on = root.get("on")
        names = [item.value for item in on.texts()] or [name for name, _ in on.entries()]
        self.facts.triggers = frozenset(names)
        self._permissions("", root.get("permissions"))
        self._variables(root.get("env"))
        for name, job in root.get("jobs").entries():
            self._permissions(name, job.get("permissions"))
            self._variables(job.get("env"))
            uses = job.get("uses")
            if uses.value:
                self._use("workflow", name, uses)
            container = job.get("container")
            self._image(name, container if container.kind == "scalar" else container.get("image"))
            for _, service in job.get("services").entries():
                self._image(name, service.get("image"))
            self._steps(name, job.get("steps"))

    def _permissions(self, scope: str, node: Yaml) -> None:
        if node.kind == "scalar" and node.value:
            self.facts.permissions.append(Permissions(scope, node.value, node.line))
        elif node.kind == "mapping":
            writes = [name for name, value in node.entries() if value.value == "write"]
            self.facts.permissions.append(Permissions(scope, ", ".join(f"{n}: write" for n in writes), node.line))

    def _variables(self, node: Yaml) -> None:
        for name, value in node.entries():
            if value.kind == "scalar" and len(self.facts.environment) < MOST_STEPS:
                self.facts.environment.append((name, value.value, value.line))

    def _steps(self, job: str, steps: Yaml) -> None:
        listed = steps.items
        for number, step in enumerate(listed):
            if len(self.facts.scripts) + len(self.facts.uses) > MOST_STEPS:
                self.facts.problem = "more steps than are read"
                return
            uses = step.get("uses")
            if uses.value:
                self._use("action", job, uses)
                self._checkout(job, step, listed, number)
            self._variables(step.get("env"))
            run = step.get("run")
            if run.value:
                shell = step.text("shell")
                self._script(job, run, "shell" if not shell or "sh" in shell else shell)
            if uses.value.startswith("actions/github-script@"):
                self._script(job, step.get("with", "script"), "javascript")

    def _use(self, kind: str, job: str, node: Yaml) -> None:
        text = node.value.strip()
        region = self.lines.region(node.inner, node.inner + len(node.value)) if node.plain or node.quoted else None
        if text.startswith("docker://"):
            self.facts.uses.append(
                Use("image", job, text, text[9:], "", node.line, region, image(text.removeprefix("docker://")))
            )
            return
        name, _, reference = text.partition("@")
        if not text.startswith(("./", "../")):
            self.facts.uses.append(Use(kind, job, text, name, reference, node.line, region))

    def _image(self, job: str, node: Yaml, prefix: str = "") -> None:
        text = node.value.strip() if node.kind == "scalar" else ""
        if not text or (prefix and not text.startswith(prefix)):
            return
        region = self.lines.region(node.inner, node.inner + len(node.value)) if node.plain or node.quoted else None
        text = text.removeprefix("docker://")
        self.facts.uses.append(Use("image", job, text, text, "", node.line, region, image(text)))

    def _script(self, job: str, node: Yaml, language: str = "shell") -> None:
        if node.kind != "scalar" or not node.value:
            return
        line = node.line + 1 if node.block else node.line
        self.facts.scripts.append(Script(job, node.value, line, language))
        for start, text in islice(expressions(node.value), 200):
            self.facts.expressions.append(Expression(job, text, line + node.value.count("\n", 0, start)))

    def _checkout(self, job: str, step: Yaml, listed: list[Yaml], number: int) -> None:
        if not step.text("uses").startswith("actions/checkout@"):
            return
        text = f"{step.text('with', 'ref')} {step.text('with', 'repository')}"
        if _of_the_request().search(text):
            then = any(
                s.text("run") or s.text("uses").startswith("./") or _builds(s.text("uses"))
                for s in listed[number + 1 :]
            )
            node = step.get("with", "ref") if step.text("with", "ref") else step.get("with", "repository")
            self.facts.checkouts.append(Checkout(job, node.value, node.line, then))

    # -- GitLab --------------------------------------------------------------------------------------------------

    def _gitlab(self, root: Yaml) -> None:
        self._gitlab_include(root.get("include"))
        self._variables(root.get("variables"))
        for place, job in [("", root), *root.entries()]:
            if job.kind != "mapping" or place in ("variables", "include", "workflow", "stages"):
                continue
            if len(self.facts.scripts) > MOST_STEPS:
                self.facts.problem = "more steps than are read"
                return
            for key in ("before_script", "script", "after_script"):
                self._lines_of(place, job.get(key), 0)
            for holder in [job.get("image"), *job.get("services").items]:
                self._image(place, holder if holder.kind == "scalar" else holder.get("name"))
            if place:
                self._variables(job.get("variables"))

    def _lines_of(self, job: str, node: Yaml, depth: int) -> None:
        if node.kind == "scalar":
            self._script(job, node)
        elif depth < DEEPEST:
            for item in node.items:
                self._lines_of(job, item, depth + 1)

    def _gitlab_include(self, node: Yaml) -> None:
        for entry in [node] if node.kind != "sequence" else node.items[:200]:
            if entry.kind == "scalar" and "://" in entry.value:
                self.facts.uses.append(Use("include", "", entry.value, entry.value, "", entry.line))
            remote = entry.get("remote") if entry.kind == "mapping" else NOTHING
            if remote.value:
                pinned = entry.text("integrity")
                self.facts.uses.append(Use("include", "", remote.value, remote.value, pinned, remote.line))
            for key in ("project", "component"):
                part = entry.get(key) if entry.kind == "mapping" else NOTHING
                if part.value:
                    name, _, version = part.value.partition("@")
                    reference = entry.text("ref") or version
                    self.facts.uses.append(Use("include", "", part.value, name, reference, part.line))

    # -- Azure ---------------------------------------------------------------------------------------------------

    def _azure(self, node: Yaml, job: str, depth: int) -> None:
        """Steps stand at the top, below jobs, and below the jobs of stages."""
        if depth > DEEPEST or len(self.facts.scripts) > MOST_STEPS:
            return
        for key in ("script", "bash", "pwsh", "powershell"):
            self._script(job, node.get(key))
        for key in ("stages", "jobs", "steps"):
            for item in node.get(key).items:
                name = item.text("job") or item.text("stage") or job
                self._azure(item, name, depth + 1)
        container = node.get("container")
        self._image(job, container if ":" in container.value or "/" in container.value else container.get("image"))


def _builds(action: str) -> bool:
    """Whether an action runs what was checked out."""
    return action.startswith(("docker/build-push-action@", "pre-commit/action@", "gradle/"))
