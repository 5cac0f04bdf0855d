"""Ignore files mean what they mean to git, which is asked itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from violet.services.ignore import deciding_rule, parse_rule

PATHS = (
    "a",
    "a.pkl",
    "ab",
    "b/a",
    "b/a.pkl",
    "b/c/a",
    "b/c/a.pkl",
    "b/c/d/x",
    "c/b",
    "x/[a]",
    "x/#a",
    "x/!a",
    "x/a b",
)


def ignored(lines: list[str], path: str) -> bool:
    """As the walk decides: from the top, and nothing below an ignored directory is asked any more."""
    rules = [rule for number, line in enumerate(lines, 1) if (rule := parse_rule(line, number))]
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        rule = deciding_rule(rules, "/".join(parts[:depth]), depth < len(parts))
        if rule is not None and not rule.negated:
            return True
    return False


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (["*.pkl"], "b/c/a.pkl", True),
        (["/*.pkl"], "b/a.pkl", False),
        (["/*.pkl"], "a.pkl", True),
        (["b/"], "b/a", True),
        (["a/"], "b/a", False),
        (["b/**/a"], "b/c/a", True),
        (["b/**/a"], "b/a", True),
        (["**/c"], "b/c/a", True),
        (["b/**"], "b/a", True),
        (["*", "!a.pkl"], "a.pkl", False),
        (["b", "!b/a"], "b/a", True),
        (["# a", "", "   "], "a", False),
        (["a\\ "], "a ", True),
        (["a  "], "a", True),
        (["[ab]"], "a", True),
        (["[!ab]"], "a", False),
        (["[a-c].pkl"], "b.pkl", True),
        (["[[:alpha:]]"], "a", True),
        (["a["], "a[", False),
        (["\\!a"], "!a", True),
        (["\\#a"], "#a", True),
        (["b/*"], "b/c/a", True),
        (["*/a"], "b/c/a", False),
    ],
)
def test_examples(lines: list[str], path: str, expected: bool) -> None:
    assert ignored(lines, path) is expected


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        ".pkl",
        "*",
        "?",
        "**",
        "/",
        "!",
        "#",
        "\\",
        "[",
        "]",
        "[ab]",
        "[!a]",
        "[^b]",
        "[a-c]",
        " ",
        "x",
        "-",
    ]
)
LINES = st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if not (root / path).exists():
            (root / path).write_bytes(b"")
    return root


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_agrees_with_git(repository: Path, lines: list[str]) -> None:
    # What git makes of `a**/b` depends on where its strings lie in memory (wildmatch.c compares their addresses).
    assume(not any(re.search(r"[^/!]\*\*+/", line) for line in lines))
    (repository / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=repository,
        input="\0".join(PATHS),
        capture_output=True,
        text=True,
        check=False,
    )
    by_git = set(asked.stdout.split("\0")) - {""}
    assert {path for path in PATHS if ignored(lines, path)} == by_git


@given(st.lists(st.text(max_size=15), max_size=5), st.text(min_size=1, max_size=15))
def test_any_text_is_answered(lines: list[str], path: str) -> None:
    assert ignored(lines, path) in (True, False)
