"""Lists of packages to install: pip requirements files, conda and MLflow environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

ENVIRONMENTS = ("conda.yaml", "conda.yml", "python_env.yaml", "environment.yml", "environment.yaml")


def _sniff(probe: Probe) -> Certainty:
    name = probe.name.lower()
    listed = name.endswith((".txt", ".in", ".pip")) and ("requirements" in name or name == "constraints.txt")
    if probe.suffix in (".yaml", ".yml") and b"dependencies:" in probe.head and b"- pip" in probe.head:
        listed = True
    if (listed or name in ENVIRONMENTS) and is_textual(probe):
        return Certainty.LIKELY
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.requirements.reader import read

    return read(source, reading)


FORMAT = Format(
    "requirements",
    "List of packages",
    ("requirements.txt", *ENVIRONMENTS),
    _sniff,
    _read,
    inert=True,
    rank=70,
    textual=True,
)
