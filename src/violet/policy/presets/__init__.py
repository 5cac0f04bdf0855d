"""Policies to start from: TOML files with comments, made to be copied and changed."""

from __future__ import annotations

PRESETS: dict[str, str] = {
    "baseline": "a complete scan without severe findings, and a signature",
    "strict": "what a platform asks before production: baseline, a bill of materials, provenance and lineage",
    "eu-high-risk": "requirements that serve articles of the EU AI Act for high-risk systems",
}
"""By name, what they ask in a few words."""


def text(name: str) -> str:
    """The preset called ``name``, one of ``PRESETS``."""
    from importlib.resources import files

    return files("violet.policy.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
