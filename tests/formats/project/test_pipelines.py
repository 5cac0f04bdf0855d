"""CI pipelines and Compose files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.project.compose import ComposeFacts
from violet.formats.project.pipelines import PipelineFacts

WORKFLOW = """\
name: ci
on:
  push:
    branches: [main]
  pull_request_target:
permissions:
  contents: write
jobs:
  test:
    runs-on: ubuntu-latest
    env: {MODE: fast}
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - name: one
        run: |
          make
          echo ${{ github.sha }}
      - run: pwsh thing
        shell: pwsh
  call:
    uses: owner/repo/.github/workflows/x.yml@main
"""
GITLAB = """\
stages: [test]
default:
  image: python:3.12
include:
  - project: o/p
    ref: main
test:
  variables: {MODE: fast}
  script:
    - make
    - [one, two]
"""
AZURE = """\
trigger: [main]
stages:
- stage: s
  jobs:
  - job: j
    steps:
    - script: make
    - bash: |
        one
"""
COMPOSE = """\
services:
  web:
    image: "web:1"
    environment: [A=b]
    pid: host
  db: {build: .}
"""


def facts_of(text: str, name: str) -> PipelineFacts:
    made = read("pipeline", text.encode(), name).facts
    assert isinstance(made, PipelineFacts)
    return made


@pytest.mark.parametrize(
    ("text", "name", "main"),
    [
        (WORKFLOW, "ci.yml", "pipeline"),
        (GITLAB, ".gitlab-ci.yml", "pipeline"),
        (GITLAB, "build.yml", "pipeline"),
        (AZURE, "azure-pipelines.yml", "pipeline"),
        (COMPOSE, "docker-compose.yml", "compose"),
        (COMPOSE, "compose.yaml", "compose"),
        ("a: 1\n", "config.yml", "yaml"),
        ("jobs: 3\n", "x.yml", "yaml"),
        ("runs: 3\n", "action.yml", "pipeline"),
    ],
)
def test_recognised(text: str, name: str, main: str) -> None:
    assert ids(text.encode(), name)[0] == main


def test_github() -> None:
    facts = facts_of(WORKFLOW, "ci.yml")
    assert facts.triggers == {"push", "pull_request_target"}
    assert [(s.job, s.line, s.language) for s in facts.scripts] == [("test", 18, "shell"), ("test", 20, "shell")]
    assert [(u.kind, u.name, u.reference) for u in facts.uses] == [
        ("action", "actions/checkout", "v4"),
        ("workflow", "owner/repo/.github/workflows/x.yml", "main"),
    ]
    region = facts.uses[0].region
    assert region is not None
    assert WORKFLOW[region.start : region.end] == "actions/checkout@v4"
    assert [(e.text, e.line) for e in facts.expressions] == [("github.sha", 19)]
    assert [(c.line, c.then) for c in facts.checkouts] == [(15, True)]
    assert [p.text for p in facts.permissions] == ["contents: write"]
    assert facts.environment == [("MODE", "fast", 11)]


def test_gitlab() -> None:
    facts = facts_of(GITLAB, ".gitlab-ci.yml")
    assert [(s.job, s.text, s.line) for s in facts.scripts] == [
        ("test", "make", 10),
        ("test", "one", 11),
        ("test", "two", 11),
    ]
    assert [(u.kind, u.text) for u in facts.uses] == [("include", "o/p"), ("image", "python:3.12")]


def test_azure() -> None:
    facts = facts_of(AZURE, "azure-pipelines.yml")
    assert [(s.job, s.text.strip(), s.line) for s in facts.scripts] == [("j", "make", 7), ("j", "one", 9)]


def test_compose() -> None:
    made = read("compose", COMPOSE.encode(), "compose.yml").facts
    assert isinstance(made, ComposeFacts)
    web, db = made.services
    assert web.region is not None
    assert COMPOSE[web.region.start : web.region.end] == "web:1"
    assert (web.environment, web.powers) == ((("A", "b", 4),), (("pid: host", 5),))
    assert db.image is None


def test_what_is_no_yaml_is_not_examined() -> None:
    parsed = read("pipeline", b"on: push\njobs: [\n", "ci.yml")
    assert parsed.unexamined


def test_expressions_without_an_end_take_no_time() -> None:
    facts = facts_of("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: " + "${{ " * 20_000, "ci.yml")
    assert facts.expressions == []


@given(st.binary(max_size=200) | mutations(lambda: WORKFLOW.encode()) | mutations(lambda: GITLAB.encode()))
def test_any_bytes(data: bytes) -> None:
    for name in ("ci.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "action.yml"):
        survives("pipeline", data, name)
    survives("compose", data, "compose.yml")
