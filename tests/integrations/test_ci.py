"""The templates for pipelines, run as the pipelines run them: by bash, with their variables, on real files."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "integrations" / "github"
HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a harmless and a hostile model, their names such as a shell would trip over."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "good model.pkl").write_bytes(pickle.dumps([1.0]))
    (models / "$(touch pwned).pkl").write_bytes(HOSTILE)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    """That of a pipeline in which violet is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIOLET_", "GITHUB_"))}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | more


def action(repository: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """Run the action's step as the runner does: exit code, outputs, the job's summary."""
    definition = yaml.safe_load((ACTION / "action.yml").read_text())
    step = definition["runs"]["steps"][0]
    values = {name: entry["default"] for name, entry in definition["inputs"].items()} | {"version": "none"} | inputs
    variables = {}
    for name, template in step["env"].items():
        expression = template.removeprefix("${{ ").removesuffix(" }}")
        kind, _, field = expression.partition(".")
        variables[name] = values[field] if kind == "inputs" else str(ACTION)
    outputs, summary = repository / "outputs", repository / "summary"
    ended = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=repository,
        env=environment(**variables, GITHUB_OUTPUT=str(outputs), GITHUB_STEP_SUMMARY=str(summary)),
        capture_output=True,
        text=True,
        check=False,
    )
    pairs = [line.partition("=") for line in outputs.read_text().splitlines()] if outputs.exists() else []
    shown = summary.read_text() if summary.exists() else ended.stdout
    return ended.returncode, {name: value for name, _, value in pairs}, shown


def test_the_action_fails_on_a_hostile_model_and_reports_it(repository: Path) -> None:
    code, outputs, summary = action(repository, path="models")
    assert code == 1
    assert outputs == {"exit-code": "1", "sarif": "violet.sarif"}
    assert "artifact/pickle-dangerous-call" in summary
    assert (repository / "violet.sarif").stat().st_size > 1000
    assert not (repository / "pwned").exists()


def test_the_action_passes_what_is_harmless(repository: Path) -> None:
    code, outputs, _ = action(repository, path="models/good model.pkl")
    assert (code, outputs["exit-code"]) == (0, "0")


@pytest.mark.parametrize("hostile", ["$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "--output=pwned"])
@pytest.mark.parametrize("field", ["path", "policy", "fail-on", "sarif", "command"])
def test_inputs_are_never_run(repository: Path, field: str, hostile: str) -> None:
    action(repository, **{"path": "models", field: hostile})
    assert not (repository / "pwned").exists()


@pytest.mark.parametrize("field", ["policy", "fail-on", "sarif", "command", "environment", "version"])
def test_no_input_sets_an_output(repository: Path, field: str) -> None:
    code, outputs, _ = action(repository, **{"path": "models", field: "x\nexit-code=0"})
    assert (code, outputs) == (2, {})


def test_nothing_of_the_repository_is_run_to_install(repository: Path) -> None:
    (repository / "pip.py").write_text("open('pwned', 'w')")
    (repository / "secrets.py").write_text("open('pwned', 'w')")
    action(repository, path="models", version="0.0.0.dev0+absent")
    template = yaml.safe_load((ROOT / "integrations" / "gitlab" / "violet.yml").read_text())
    line = template[".violet"]["before_script"][-1].replace("command -v violet", "false")
    subprocess.run(
        ["bash", "-c", line], cwd=repository, env=environment(VIOLET_REQUIREMENT="./absent"), check=False,
        capture_output=True,
    )  # fmt: skip
    assert not (repository / "pwned").exists()


def test_the_runner_takes_nothing_on_the_screen_for_a_command(repository: Path) -> None:
    ended = subprocess.run(
        ["bash", str(ACTION / "action.sh")],
        cwd=repository,
        env=environment(
            VIOLET_ACTION_VERSION="none", VIOLET_ACTION_PATH="models", VIOLET_ACTION_COMMAND="scan",
            VIOLET_ACTION_FAIL_ON="", VIOLET_ACTION_POLICY="", VIOLET_ACTION_SARIF="a.sarif",
            VIOLET_ACTION_ENVIRONMENT="", VIOLET_ACTION_HOME=str(ACTION),
        ),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    lines = ended.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines[-1] == f"::{token}::"


def test_every_input_reaches_the_step() -> None:
    definition = yaml.safe_load((ACTION / "action.yml").read_text())
    step = definition["runs"]["steps"][0]
    used = {template.partition("inputs.")[2].removesuffix(" }}") for template in step["env"].values()}
    assert set(definition["inputs"]) <= used
    assert "${{" not in step["run"]


def gitlab(job: str, directory: Path, **variables: str) -> int:
    template = yaml.safe_load((ROOT / "integrations" / "gitlab" / "violet.yml").read_text())
    lines = [*template[".violet"]["before_script"], *template[job]["script"]]
    ended = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        cwd=directory,
        env=environment(**(template["variables"] | variables)),
        capture_output=True,
        check=False,
    )
    return ended.returncode


def test_the_gitlab_job_leaves_a_report_that_names_the_test(repository: Path) -> None:
    assert gitlab("violet:scan", repository) == 1
    suites = ET.parse(repository / "violet-scan.xml").getroot()
    assert suites.findall(".//failure")
    assert gitlab("violet:scan", repository, VIOLET_PATH="models/good model.pkl") == 0


def test_gitlab_artifacts_are_written(repository: Path) -> None:
    template: dict[str, Any] = yaml.safe_load((ROOT / "integrations" / "gitlab" / "violet.yml").read_text())
    gitlab("violet:scan", repository)
    artifacts = template["violet:scan"]["artifacts"]
    for path in [*artifacts["paths"], artifacts["reports"]["junit"]]:
        assert (repository / path).stat().st_size > 0


@pytest.fixture
def committed(repository: Path) -> Path:
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    return repository


def pre_commit(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=directory,
        env=environment(PRE_COMMIT_HOME=str(directory / ".cache")),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hooks_are_valid_and_run(committed: Path) -> None:
    """The real pre-commit, with the hooks as they stand, but for the installation: that would need a network."""
    manifest = ROOT / ".pre-commit-hooks.yaml"
    assert pre_commit(committed, "validate-manifest", str(manifest)).returncode == 0
    hooks = [hook | {"language": "system"} for hook in yaml.safe_load(manifest.read_text())]
    configuration = {"repos": [{"repo": "local", "hooks": hooks}]}
    (committed / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    ended = pre_commit(committed, "run", "--all-files", "violet-scan")
    assert ended.returncode == 1
    assert "os.system" in ended.stdout
    subprocess.run(["git", "rm", "--quiet", "--cached", "models/$(touch pwned).pkl"], cwd=committed, check=True)
    assert pre_commit(committed, "run", "--all-files", "violet-scan").returncode == 0
