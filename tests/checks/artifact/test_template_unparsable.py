"""Templates that Jinja's parser refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.examples import outcomes
from violet.checks.examine import examine_file
from violet.domain import Severity, Skipped

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/template-unparsable"


def positive(directory: Path) -> Path:
    path = directory / "chat_template.jinja"
    path.write_text("{% for message in messages %}{{ message.content }")
    return path


def benign(directory: Path) -> Path:
    path = directory / "chat_template.jinja"
    path.write_text("{% for message in messages %}{{ message.content }}{% endfor %}")
    return path


def test_what_cannot_be_parsed_is_never_clean(tmp_path: Path) -> None:
    assert any(isinstance(o, Skipped) for o in examine_file(str(positive(tmp_path))).outcomes)


def test_nesting_beyond_the_parser_is_high(tmp_path: Path) -> None:
    path = tmp_path / "deep.jinja"
    path.write_text("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}")
    assert [f.severity for f in outcomes(path)] == [Severity.HIGH]
