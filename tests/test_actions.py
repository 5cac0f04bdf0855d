"""What must hold for every action: it is documented, rehearses, applies, and its undo restores the bytes."""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from violet.actions.base import GROUPS, Action, Settings, actions, help_of
from violet.services.fix import FixOptions, fix, take_back

SECTIONS = ("What it changes", "When it is exact", "What it refuses", "Undo")
ACTIONS = [pytest.param(action, id=name) for name, action in actions().items()]


def examples_of(action: Action) -> ModuleType:
    """The module with the action's examples: ``fixable(directory)`` and ``refusable(directory)`` each make a file."""
    return import_module(f"tests.actions.test_{action.id.replace('-', '_')}")


def settings_of(action: Action, directory: Path) -> Settings:
    make = getattr(examples_of(action), "settings_for", None)
    made: Settings = make(directory) if make else Settings()
    return made


def contents(directory: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
        for path in directory.iterdir()
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def test_every_module_declares_an_action() -> None:
    import violet.actions as package

    files = {path.stem for path in Path(package.__path__[0]).glob("*.py") if not path.name.startswith("_")}
    assert {name.replace("-", "_") for name in actions()} == files - {"base", "journal"}
    assert {action.group for action in actions().values()} == set(GROUPS)


@pytest.mark.parametrize("action", ACTIONS)
def test_action_is_documented(action: Action) -> None:
    text = help_of(action)
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    for before, after in zip(SECTIONS, (*SECTIONS[1:], None), strict=True):
        part = text.partition(f"## {before}\n")[2].partition(f"## {after}\n" if after else "\0")[0]
        assert len(part.strip()) > 20
    assert action.title
    assert action.undo.endswith(".")


@pytest.mark.parametrize("action", ACTIONS)
def test_action_rehearses_applies_and_is_undone(action: Action, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = examples_of(action).fixable(folder)
    options = FixOptions((str(path),), (action.group,), settings=settings_of(action, tmp_path))
    before = contents(folder)
    rehearsed = fix(FixOptions(options.paths, options.only, dry_run=True, settings=options.settings))
    assert contents(folder) == before
    assert [found.action for found in rehearsed.fixes] == [action.id]
    applied = fix(options)
    assert contents(folder) != before
    assert [found.path for found in applied.fixes] == [found.path for found in rehearsed.fixes]
    assert applied.fixes[0].before == rehearsed.fixes[0].before
    assert take_back(applied.journal).unfixed == ()
    assert contents(folder) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_action_refuses_with_reason_and_advice(action: Action, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = examples_of(action).refusable(folder)
    before = contents(folder)
    report = fix(FixOptions((str(path),), (action.group,), settings=settings_of(action, tmp_path)))
    assert report.fixes == ()
    assert report.exit_code == 1
    assert all(item.reason and item.advice and item.action == action.id for item in report.unfixed)
    assert contents(folder) == before


@pytest.mark.parametrize("action", ACTIONS)
def test_fixing_twice_changes_nothing_more(action: Action, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = examples_of(action).fixable(folder)
    options = FixOptions((str(path),), (action.group,), settings=settings_of(action, tmp_path))
    fix(options)
    after = contents(folder)
    assert fix(options).fixes == ()
    assert contents(folder) == after
