"""The documentation of the context, and the words in it, are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from violet.domain.provenance import Refusal
from violet.domain.vulnerability import VexStatus
from violet.policy import gate
from violet.policy.cel.functions import FUNCTIONS
from violet.policy.schema import (
    ATTESTATION_TYPES,
    CONTEXT,
    REFUSAL_CODES,
    SOURCES,
    VULNERABILITY_STATUSES,
    reference,
)
from violet.provenance.statement import PREDICATES
from violet.services.gate.remedies import making

PAGE = (Path(__file__).parents[2] / "docs" / "tasks" / "write-a-policy.md").read_text(encoding="utf-8")


def test_the_page_has_the_reference_of_this_version() -> None:
    assert reference().strip() in PAGE
    assert all(f"`{name}`" in PAGE for name in FUNCTIONS)
    assert all(f"`{name}`" in PAGE for name in CONTEXT)


def test_the_page_has_every_setting() -> None:
    import dataclasses

    for entry in dataclasses.fields(gate.Settings):
        shown = str(entry.default).lower() if isinstance(entry.default, bool) else str(entry.default)
        assert f"| `{entry.name}` | `{shown}` |" in PAGE


def test_words_are_those_that_occur() -> None:
    assert {*PREDICATES, "other"} == set(ATTESTATION_TYPES)
    assert set(VULNERABILITY_STATUSES) == {status.value for status in VexStatus}
    documented = set(
        re.findall(r"``([a-z]+(?:-[a-z]+)+|expired|replayed|malformed|superseded)``", Refusal.__doc__ or "")
    )
    assert documented <= set(REFUSAL_CODES)


def test_every_source_has_a_command() -> None:
    assert all(making(source, "model").startswith("violet ") for source in SOURCES)
