"""What must hold for every rule, format and command, whoever adds the next one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from violet.checks.base import Check, checks
from violet.checks.examine import Examination, examine_file
from violet.domain import Finding, Rule
from violet.formats.registry import formats
from violet.intel.atlas import TECHNIQUES
from violet.services.catalogue import RuleEntry, rules
from violet.services.testing.judge import outcomes_of

ROOT = Path(__file__).parents[1]
SECTIONS = ("What it looks for", "Why it matters", "Example", "Fix")
HEAVY = (
    "backports dask dbos distributed fastapi flwr h5py jinja2 joblib keras lz4 numpy onnx onnxruntime pandas pydantic"
    " requests rich scipy shap sklearn sqlalchemy torch typer yaml"
).split()

CHECKS = [pytest.param(entry, id=entry.rule.id) for entry in checks()]
RULES = [pytest.param(entry, id=name) for name, entry in rules().items()]


@pytest.mark.parametrize("entry", RULES)
def test_rule_is_documented(entry: RuleEntry) -> None:
    rule = entry.rule
    headings = re.findall(r"^## (.+)$", entry.help, re.MULTILINE)
    assert tuple(headings) == SECTIONS
    for before, after in zip(SECTIONS, (*SECTIONS[1:], None), strict=True):
        text = entry.help.partition(f"## {before}\n")[2].partition(f"## {after}\n" if after else "\0")[0]
        assert len(text.strip()) > 20, f"the section {before!r} is empty"
    assert rule.title
    assert rule.fix
    assert re.fullmatch(r"[a-z_]+/[a-z0-9-]+", rule.id)


@pytest.mark.parametrize("entry", RULES)
def test_rule_stands_in_the_file_of_its_name(entry: RuleEntry) -> None:
    family, _, name = entry.rule.id.partition("/")
    assert entry.module.rpartition(".")[2] == name.replace("-", "_")
    if entry.module.startswith("violet.checks."):
        assert entry.module == f"violet.checks.{family}.{name.replace('-', '_')}"


@pytest.mark.parametrize("entry", RULES)
def test_techniques_exist_in_atlas(entry: RuleEntry) -> None:
    unknown = [name for name in entry.rule.techniques if name not in TECHNIQUES]
    assert not unknown
    assert entry.rule.techniques or entry.rule.cwe


@pytest.mark.parametrize("entry", CHECKS)
def test_positive_fires(entry: Check, tmp_path: Path) -> None:
    module = _tests_of(entry.rule)
    if hasattr(module, "positive_facts"):
        fired = _fired_on_facts(module.positive_facts(), entry)
    else:
        fired = _fired(module.positive(tmp_path), entry.rule)
    assert fired, f"{entry.rule.id} does not fire on its own example"
    assert all(finding.fingerprint and finding.message and finding.fix for finding in fired)


@pytest.mark.parametrize("entry", CHECKS)
def test_benign_is_silent(entry: Check, tmp_path: Path) -> None:
    module = _tests_of(entry.rule)
    if hasattr(module, "benign_facts"):
        assert not _fired_on_facts(module.benign_facts(), entry)
    else:
        assert not _fired(module.benign(tmp_path), entry.rule)


def _tests_of(rule: Rule) -> ModuleType:
    """The module with the rule's examples. A check without one is an error, not a skipped test."""
    family, _, name = rule.id.partition("/")
    return import_module(f"tests.checks.{family}.test_{name.replace('-', '_')}")


def _fired(path: Path, rule: Rule) -> list[Finding]:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    root = str(path if path.is_dir() else path.parent)
    examinations: list[Examination] = [examine_file(str(file), root=root) for file in files]
    outcomes = [outcome for examination in examinations for outcome in examination.outcomes]
    return [o for o in outcomes if isinstance(o, Finding) and o.rule == rule.id]


def _fired_on_facts(facts: object, entry: Check) -> list[Finding]:
    """For rules about results (of a test, of an explanation) instead of files."""
    (kind,) = entry.formats
    found = outcomes_of(facts, kind, "model.onnx")
    return [o for o in found if isinstance(o, Finding) and o.rule == entry.rule.id]


def test_every_check_module_declares_a_rule() -> None:
    import violet.checks as package

    files = [p for p in Path(package.__path__[0]).glob("*/*.py") if not p.name.startswith("_")]
    assert {entry.module.rpartition(".")[2] for entry in checks()} == {path.stem for path in files}


@pytest.mark.parametrize("entry", [pytest.param(f, id=f.id) for f in formats()])
def test_formats_say_what_they_are(entry: object) -> None:
    from violet.formats.base import Certainty, Format, Probe
    from violet.formats.source import BytesSource

    assert isinstance(entry, Format)
    assert entry.title
    assert all(suffix == suffix.lower() for suffix in entry.suffixes)
    for head in (b"", b"\0", b"\xff" * 4096, b"{", b"\x80\x04."):
        assert entry.sniff(Probe(BytesSource(head), "", head)) in tuple(Certainty)


FUZZERS = sorted((ROOT / "tests" / "fuzz").glob("fuzz_*.py"))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FUZZERS])
def test_fuzz_targets_run(path: Path) -> None:
    target = import_module(f"tests.fuzz.{path.stem}")
    for data in (b"", b"\0" * 64, bytes(range(256)) * 4):
        target.fuzz_one(data)


def test_help_loads_nothing_heavy() -> None:
    loaded = _loaded_by("--help")
    assert not loaded & set(HEAVY)
    assert not any(name.startswith(("violet.services", "violet.checks", "violet.formats")) for name in loaded)
    assert not any(name.startswith("violet.faces.cli.commands.") for name in loaded)


def test_a_scan_of_harmless_files_loads_nothing_heavy(tmp_path: Path) -> None:
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80\x04N.")
    loaded = _loaded_by("scan", str(model), "--format", "json")
    assert not loaded & set(HEAVY)
    assert not loaded & {"asyncio", "concurrent.futures", "importlib.metadata", "multiprocessing", "subprocess"}


def _loaded_by(*arguments: str) -> set[str]:
    """Names of the modules, and of the top-level packages, that a command loads in a new process."""
    script = (
        "import json, sys\nbefore = set(sys.modules)\n"
        "from violet.faces.cli.main import entry\n"
        f"code = entry({list(arguments)!r})\n"
        "json.dump([code, sorted(set(sys.modules) - before)], sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, names = json.loads(ended.stderr)
    assert code == 0
    return set(names) | {name.partition(".")[0] for name in names}


THIRD_PARTY = '''
"""Notes on text files.

## What it looks for
Files that are text, for the sake of the example here.

## Why it matters
It shows that a check from another package is asked.

## Example
A file that says hello.

## Fix
There is nothing to be fixed about it.
"""
from violet.checks.base import check
from violet.domain import Rule, Severity

RULE = Rule(id="{rule}", title="Third party", severity=Severity.HIGH, fix="Nothing.")


@check(RULE, formats=("*",))
def judge(context):
    yield context.finding("seen by a third party", key="seen")
'''


def _install(directory: Path, rule: str) -> dict[str, str]:
    """An installed distribution with one check; the environment in which Python finds it."""
    (directory / "third_party.py").write_text(THIRD_PARTY.format(rule=rule), encoding="utf-8")
    metadata = directory / "third_party-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[violet.checks]\nextra = third_party\n", encoding="utf-8")
    return {"PYTHONPATH": str(directory), "PATH": "/usr/bin:/bin"}


def _violet(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, env=environment)


def test_checks_of_other_packages_take_part(tmp_path: Path) -> None:
    environment = _install(tmp_path, "artifact/third-party")
    model = tmp_path / "model.pkl"
    model.write_bytes(b"N.")
    ended = _violet(environment, "scan", str(model), "--format", "json")
    assert ended.returncode == 1, ended.stderr
    assert "artifact/third-party" in {finding["rule"] for finding in json.loads(ended.stdout)["findings"]}
    explained = _violet(environment, "rules", "explain", "artifact/third-party")
    assert "from another package is asked" in explained.stdout


def test_two_rules_of_one_id_are_an_error(tmp_path: Path) -> None:
    environment = _install(tmp_path, checks()[0].rule.id)
    ended = _violet(environment, "rules")
    assert ended.returncode != 0
    assert "two checks are called" in ended.stderr


def test_generated_documentation_is_up_to_date() -> None:
    script = str(ROOT / "tools" / "docs" / "generate.py")
    ended = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
