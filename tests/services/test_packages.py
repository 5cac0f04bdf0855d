"""Installed packages are found without importing them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from violet.domain import UsageError
from violet.services.options import ScanOptions
from violet.services.packages import package_files
from violet.services.scan import scan

TRIPWIRE = "raise SystemExit('a package under examination was imported')\n"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution ``Tiny-Model`` with the package ``tinymodel``, in a directory on ``sys.path``."""
    site = tmp_path / "site"
    package = site / "tinymodel"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text(TRIPWIRE, encoding="utf-8")
    (package / "weights.pkl").write_bytes(b"cos\nsystem\n(S'x'\ntR.")
    (package / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"x")
    metadata = site / "tiny_model-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: Tiny-Model\nVersion: 1.0\n", encoding="utf-8")
    names = ["tinymodel/__init__.py", "tinymodel/weights.pkl", "tinymodel/__pycache__/__init__.cpython-311.pyc"]
    record = [*names, "../../bin/tiny", "tiny_model-1.0.dist-info/METADATA"]
    (metadata / "RECORD").write_text("".join(f"{name},,\n" for name in record), encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    return site


def test_by_distribution_name(installed: Path) -> None:
    ((root, files),) = package_files("tiny-model")
    assert root == str(installed)
    assert "tinymodel/weights.pkl" in files
    assert all(".." not in file for file in files)


def test_by_import_name(installed: Path) -> None:
    ((root, files),) = package_files("tinymodel")
    assert root == str(installed)
    assert "tinymodel/weights.pkl" in files


@pytest.mark.parametrize("name", ["no-such-package-here", "os.path", "../x", ""])
def test_unknown_names_are_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError):
        package_files(name)


@pytest.mark.parametrize("name", ["tiny-model", "tinymodel"])
def test_scanning_a_package_never_imports_it(installed: Path, name: str) -> None:
    report = scan(ScanOptions(packages=(name,)))
    assert "tinymodel" not in sys.modules
    assert {f.logical_path for f in report.findings if f.severity >= 3} == {"tinymodel/weights.pkl"}
    assert [s.what for s in report.skipped if "__pycache__" in s.location.path] == ["bytecode cache"]


def test_violet_itself_is_editable_here_and_found() -> None:
    files = [file for _, listed in package_files("violet") for file in listed]
    assert "violet/domain/outcome.py" in files


@pytest.fixture
def environment(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment, made by hand, that holds the distribution; its interpreter tells when it is started."""
    monkeypatch.undo()  # what is installed there is not on our own path
    home = tmp_path / "environment"
    (home / "bin").mkdir(parents=True)
    (home / "lib" / "python3.9").mkdir(parents=True)
    installed.rename(home / "lib" / "python3.9" / "site-packages")
    base = tmp_path / "base" / "bin" / "python3.9"
    base.parent.mkdir(parents=True)
    base.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n", encoding="utf-8")
    base.chmod(0o755)
    (home / "bin" / "python").symlink_to(base)
    (home / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n", encoding="utf-8")
    return home


@pytest.mark.parametrize("where", ["", "bin/python", "lib/python3.9/site-packages"])
@pytest.mark.parametrize("name", ["Tiny_Model", "tinymodel"])
def test_of_another_environment(environment: Path, where: str, name: str) -> None:
    report = scan(ScanOptions(packages=(name,), python=str(environment / where)))
    assert {f.logical_path for f in report.findings if f.severity >= 3} == {"tinymodel/weights.pkl"}
    assert not (environment.parent / "started").exists()
    assert "tinymodel" not in sys.modules
    with pytest.raises(UsageError):
        package_files(name)


def test_an_environment_that_includes_another(environment: Path, tmp_path: Path) -> None:
    below = tmp_path / "base" / "lib" / "python3.9" / "site-packages" / "lower"
    below.mkdir(parents=True)
    (below / "__init__.py").write_text(TRIPWIRE, encoding="utf-8")
    with pytest.raises(UsageError, match="lower"):
        package_files("lower", str(environment))
    settings = environment / "pyvenv.cfg"
    settings.write_text(settings.read_text(encoding="utf-8").replace("false", "true"), encoding="utf-8")
    assert package_files("lower", str(environment))[0][1] == ["lower/__init__.py"]


@pytest.mark.parametrize("where", ["missing", "base", "base/bin/python3.9"])
def test_no_environment_is_wrong_usage(environment: Path, tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError):
        package_files("tinymodel", str(tmp_path / where))


def test_our_own_interpreter_is_an_environment() -> None:
    assert package_files("numpy", sys.executable) == package_files("numpy")
