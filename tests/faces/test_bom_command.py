"""``violet bom`` as users meet it."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.provenance.bom import models
from tests.provenance.bom.validators import cyclonedx_problem, spdx_objects
from violet.faces.cli.main import entry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("VIOLET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    models.safetensors_file(tmp_path / "v1.safetensors", {"format": "pt"})
    models.safetensors_file(tmp_path / "v2.safetensors", {"format": "pt"}, scale=2)
    models.gguf_file(tmp_path / "m.gguf")
    return tmp_path


def test_console(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["bom", "v1.safetensors"]) == 0
    shown = capsys.readouterr().out
    assert "parameters        59 (counted)" in shown
    assert "sha256" in shown
    assert shown.startswith("v1.safetensors\n")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.cdx.json", "cyclonedx"),
        ("a.spdx.json", "spdx"),
        ("a.json", "json"),
        ("a.md", "markdown"),
        ("a.txt", "console"),
    ],
)
def test_the_name_of_the_file_says_the_format(folder: Path, name: str, form: str) -> None:
    assert entry(["bom", "m.gguf", "--output", name]) == 0
    text = (folder / name).read_text()
    if form == "cyclonedx":
        assert not cyclonedx_problem(text)
    elif form == "spdx":
        spdx_objects(text)
    elif form == "json":
        value = json.loads(text)
        assert value["schema"] == "violet/bom/1"
        assert value["facts"]["parameters"] == 640
    else:
        assert "640" in text


def test_both_versions_of_cyclonedx(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1.6", "1.7"):
        assert entry(["bom", "m.gguf", "--format", "cyclonedx", "--spec-version", version]) == 0
        text = capsys.readouterr().out
        assert json.loads(text)["specVersion"] == version
        assert not cyclonedx_problem(text)


def test_time_is_stated_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["bom", "m.gguf", "--format", "spdx", "--timestamp", "2026-11-02T10:00:00+01:00"]) == 0
    assert json.loads(capsys.readouterr().out)["@graph"][0]["created"] == "2026-11-02T09:00:00Z"


def test_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["bom", "diff", "v1.safetensors", "v2.safetensors"]) == 0
    assert "~ parameters  59 → 103" in capsys.readouterr().out
    assert entry(["bom", "diff", "v1.safetensors", "v2.safetensors", "--fail-on-change", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] is True
    assert entry(["bom", "v1.safetensors", "--output", "v1.cdx.json"]) == 0
    assert entry(["bom", "diff", "v1.cdx.json", "v1.safetensors", "--fail-on-change"]) == 0


def test_documents_of_both_standards_compare(folder: Path) -> None:
    for name in ("a.cdx.json", "a.spdx.json"):
        assert entry(["bom", "m.gguf", "--output", name]) == 0
    assert entry(["bom", "diff", "a.cdx.json", "a.spdx.json", "--fail-on-change"]) == 0


def test_merge(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["bom", "m.gguf", "--license", "MIT", "--output", "a.cdx.json"]) == 0
    assert entry(["bom", "m.gguf", "--output", "b.spdx.json"]) == 0
    arguments = [
        "bom",
        "merge",
        "a.cdx.json",
        "b.spdx.json",
        "v1.safetensors",
        "--name",
        "all",
        "--output",
        "c.cdx.json",
    ]
    assert entry(arguments) == 0
    assert "violet: m.gguf: the bills disagree on the licence" in capsys.readouterr().err
    text = (folder / "c.cdx.json").read_text()
    assert not cyclonedx_problem(text)
    whole = json.loads(text)["metadata"]["component"]
    assert whole["name"] == "all"
    assert {part["name"] for part in whole["components"]} == {"m.gguf", "v1.safetensors"}
    assert entry([*arguments, "--fail-on-conflict"]) == 1


def test_a_path_called_diff_is_reachable(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.rename(folder / "m.gguf", folder / "diff")
    assert entry(["bom", "./diff"]) == 0
    assert capsys.readouterr().out.startswith("diff 2.1\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "nothing to make a bill of"),
        (["absent"], 2, "absent does not exist"),
        (["m.gguf", "v1.safetensors"], 2, "made of one model"),
        (["diff", "m.gguf"], 2, "between two things"),
        (["merge", "m.gguf"], 2, "two bills or more"),
        (["m.gguf", "--output", "x.unknown"], 2, "does not say which format"),
        (["m.gguf", "--output", "no/such.json"], 2, "directory no does not exist"),
        (["m.gguf", "--spec-version", "1.7"], 2, "are for documents"),
        (["m.gguf", "--format", "cyclonedx", "--spec-version", "9"], 2, "CycloneDX 9"),
        (["m.gguf", "--format", "cyclonedx", "--timestamp", "soon"], 2, "is no time"),
        (["m.gguf", "--name", "x"], 2, "--name says nothing here"),
        (["diff", "m.gguf", "m.gguf", "--format", "spdx"], 2, "not written as spdx"),
        (["m.gguf", "--jobs", "-1"], 2, "--jobs"),
        (["m.gguf", "--timeout", "never"], 2, "--timeout"),
        (["diff", "broken.cdx.json", "m.gguf"], 3, "cannot be read as a bill"),
    ],
)
def test_errors_are_one_sentence_with_their_code(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    (folder / "broken.cdx.json").write_text('{"bomFormat": "CycloneDX", ')
    before = set(os.listdir(folder))
    assert entry(["bom", *arguments]) == code
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown
    assert set(os.listdir(folder)) == before


def test_facts_that_disagree_can_fail(folder: Path) -> None:
    index = {"metadata": {"total_parameters": 7}, "weight_map": {"a": "model-00001-of-00001.safetensors"}}
    (folder / "m").mkdir()
    os.rename(folder / "v1.safetensors", folder / "m" / "model-00001-of-00001.safetensors")
    (folder / "m" / "model.safetensors.index.json").write_text(json.dumps(index))
    assert entry(["bom", "m"]) == 0
    assert entry(["bom", "m", "--fail-on-conflict"]) == 1


def test_known_vulnerabilities(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Advisories are imported as users do it, and found in the version that the pickle names."""
    import sklearn

    advisory = {
        "schema_version": "1.7.0",
        "id": "GHSA-aaaa-bbbb-cccc",
        "modified": "2026-11-01T00:00:00Z",
        "aliases": ["CVE-2026-9999"],
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "scikit-learn"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}],
            }
        ],
    }
    (folder / "a.json").write_text(json.dumps(advisory))
    (folder / "violet.toml").write_text('[intel]\ndirectory = "intel"\n')
    models.pickled(folder / "m.pkl", models.sklearn_pipeline())
    assert entry(["bom", "m.pkl", "--vulnerabilities"]) == 3
    assert "violet intel update" in capsys.readouterr().err
    assert entry(["intel", "update", "a.json"]) == 0
    capsys.readouterr()
    assert entry(["bom", "m.pkl", "--vulnerabilities"]) == 0
    assert f"CVE-2026-9999  not rated; scikit-learn {sklearn.__version__}" in capsys.readouterr().out
    for name in ("m.cdx.json", "m.spdx.json", "m.json"):
        assert entry(["bom", "m.pkl", "--vulnerabilities", "--output", name]) == 0
    assert not cyclonedx_problem((folder / "m.cdx.json").read_text())
    spdx_objects((folder / "m.spdx.json").read_text())
    assert json.loads((folder / "m.json").read_text())["vulnerabilities"][0]["id"] == "CVE-2026-9999"


def test_captures_of_the_documentation_are_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digests depend on versions of the libraries that write the samples, so they are not compared."""
    page = Path(__file__).parents[2] / "docs" / "tasks" / "write-a-bill-of-materials.md"
    monkeypatch.chdir(tmp_path)
    models.hugging_face(tmp_path / "tiny")
    models.safetensors_file(tmp_path / "v1.safetensors", {"format": "pt"})
    models.safetensors_file(tmp_path / "v2.safetensors", {"format": "pt"}, scale=2)
    captures = re.findall(r"^```console\n\$ violet (.+)\n((?:.*\n)*?)```", page.read_text(), re.MULTILINE)
    assert len(captures) == 3
    for command, shown in captures:
        assert entry(shlex.split(command)) == 0
        said = capsys.readouterr().out
        expected = shown.removesuffix("...\n")
        assert _without_digests(said).startswith(_without_digests(expected)), said


def _without_digests(text: str) -> str:
    return re.sub(r"[0-9a-f]{12,64}", "DIGEST", text)
