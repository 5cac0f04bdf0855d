"""What is found in a package of families: modules, and nothing that begins with an underscore."""

from __future__ import annotations

from pathlib import Path

from violet.domain.discovery import family_modules


def test_modules_of_families_are_found_by_their_full_names(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for path in (
        "here/base.py",
        "here/zeta/__init__.py",
        "here/zeta/one.py",
        "here/zeta/_shared.py",
        "here/zeta/data.json",
        "here/_private/two.py",
        "there/alpha/three.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert family_modules("pack", [str(here), str(there)]) == ["pack.alpha.three", "pack.zeta.one"]
