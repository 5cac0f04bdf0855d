"""The files of a project around a model: what is installed, how images are built, what pipelines run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source


_SUFFIXES = (".txt", ".in", ".pip", ".toml", ".lock", ".yml", ".yaml", ".cfg", ".conf", ".ini")
_NAMED = ("pipfile", "package-lock.json", "npm-shrinkwrap.json")
_YAML = (".yml", ".yaml")


def _is(probe: Probe, of: str) -> Certainty:
    """Whether name or content announce a file of one of the sorts in ``names.<of>``. What cannot be one does not
    load the names."""
    if probe.suffix not in _SUFFIXES and probe.name.lower() not in _NAMED:
        return Certainty.NO
    from violet.formats.project import names

    sort = names.sort_of(probe.name) or names.by_content(probe.head, probe.suffix)
    return Certainty.LIKELY if sort in getattr(names, of) and is_textual(probe) else Certainty.NO


def _sniff_requirements(probe: Probe) -> Certainty:
    if probe.name.lower() == "meta.yaml" and b"\nrequirements:" not in probe.head:
        return Certainty.NO
    return _is(probe, "REQUIREMENTS")


def _sniff_project(probe: Probe) -> Certainty:
    return _is(probe, "PROJECTS")


def _sniff_lock(probe: Probe) -> Certainty:
    return _is(probe, "LOCKS")


def _sniff_setup(probe: Probe) -> Certainty:
    return Certainty.LIKELY if probe.name == "setup.py" and is_textual(probe) else Certainty.NO


_DOCKER = ("dockerfile", "containerfile")


def _sniff_dockerfile(probe: Probe) -> Certainty:
    name = probe.name.lower()
    named = name in _DOCKER or probe.suffix in (".dockerfile", ".containerfile")
    if not named and not (name.startswith(_DOCKER) and name[name.index("file") + 4] in ".-_"):
        return Certainty.NO
    if probe.suffix in (".py", ".md", ".sh", ".json", ".yml", ".yaml", ".rst", ".txt", ".j2") or not is_textual(probe):
        return Certainty.NO
    return Certainty.LIKELY if b"from " in probe.head.lower() or named else Certainty.NO


def _sniff_pipeline(probe: Probe) -> Certainty:
    return _is_pipeline(probe, "github", "action", "gitlab", "azure")


def _sniff_compose(probe: Probe) -> Certainty:
    return _is_pipeline(probe, "compose")


def _is_pipeline(probe: Probe, *sorts: str) -> Certainty:
    if probe.suffix not in _YAML:
        return Certainty.NO
    from violet.formats.project.names import pipeline_sort

    found = pipeline_sort(probe.name, probe.head) in sorts
    return Certainty.LIKELY if found and is_textual(probe) else Certainty.NO


def _read_dependencies(source: Source, reading: Reading) -> Parsed:
    from violet.formats.project.reader import read_dependencies

    return read_dependencies(source, reading)


def _read_setup(source: Source, reading: Reading) -> Parsed:
    from violet.formats.project.reader import read_setup

    return read_setup(source, reading)


def _read_dockerfile(source: Source, reading: Reading) -> Parsed:
    from violet.formats.project.dockerfile import read

    return read(source, reading)


def _read_pipeline(source: Source, reading: Reading) -> Parsed:
    from violet.formats.project.pipelines import read

    return read(source, reading)


def _read_compose(source: Source, reading: Reading) -> Parsed:
    from violet.formats.project.compose import read

    return read(source, reading)


_LISTS = ("requirements.txt", "constraints.txt", "conda.yaml", "conda.yml", "python_env.yaml", "environment.yml",
          "environment.yaml")  # fmt: skip
_PROJECT_NAMES = ("pyproject.toml", "pipfile", "uv.toml", "setup.cfg", "pip.conf", "pip.ini")
_LOCK_NAMES = ("poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "pylock.toml", "conda-lock.yml",
               "package-lock.json", "npm-shrinkwrap.json", "yarn.lock")  # fmt: skip

FORMATS = (
    Format(
        "requirements",
        "List of packages",
        _LISTS,
        _sniff_requirements,
        _read_dependencies,
        inert=True,
        rank=70,
        textual=True,
    ),
    Format(
        "python-project",
        "Python project settings",
        _PROJECT_NAMES,
        _sniff_project,
        _read_dependencies,
        inert=True,
        rank=70,
        textual=True,
    ),
    Format("lock-file", "Lock file", _LOCK_NAMES, _sniff_lock, _read_dependencies, inert=True, rank=70, textual=True),
    Format("setup-script", "Python set-up script", (), _sniff_setup, _read_setup, rank=65, textual=True),
    Format(
        "dockerfile",
        "Dockerfile",
        ("dockerfile", "containerfile", ".dockerfile"),
        _sniff_dockerfile,
        _read_dockerfile,
        inert=True,
        rank=70,
        textual=True,
    ),
    Format("compose", "Compose file", (), _sniff_compose, _read_compose, inert=True, rank=71, textual=True),
    Format("pipeline", "CI pipeline", (), _sniff_pipeline, _read_pipeline, inert=True, rank=72, textual=True),
)
