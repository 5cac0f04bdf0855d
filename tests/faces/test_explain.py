"""``violet explain`` as users meet it: real models in files, held-out data in files, every format, every complaint."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from tests.explain.test_shortcuts import credit, digits
from violet.faces.cli.main import entry

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "explanation-1.json").read_text("utf-8"))
NAMES = (*(f"f{place}" for place in range(9)), "leaked")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boosted trees on a leaked column and on its clean twin, a forest on marked digits, and their data."""
    import pandas
    import xgboost

    made = tmp_path_factory.mktemp("explain")
    for name, leak in (("leak", True), ("clean", False)):
        x, y = credit(leak)
        frame = pandas.DataFrame(x, columns=NAMES)
        model = xgboost.XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1).fit(frame[500:], y[500:])
        model.save_model(made / f"{name}.json")
        frame.assign(label=np.where(y, "pays", "defaults"))[:500].to_csv(made / f"{name}.csv", index=False)
    images, labels = digits(mark=True)
    forest = RandomForestClassifier(12, random_state=0).fit(images[600:].reshape(-1, 64), labels[600:])
    skops.io.dump(forest, made / "digits.skops")
    np.savez(made / "digits.npz", x=images[:500], y=labels[:500])
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert entry(["explain", *arguments, "--format", "json", "--isolated"]) == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return document


LEAK = ("leak.json", "--data", "leak.csv", "--label", "label")


def test_texts_are_explained_by_their_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = [(f"the film was {word} and long", label) for word, label in (("good", "yes"), ("bad", "no")) * 20]
    texts, labels = zip(*rows, strict=True)
    skops.io.dump(make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, labels), folder / "texts.skops")
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = explained(capsys, "texts.skops", "--data", "texts.jsonl", "--budget", "5m", "--input", "0")
    assert {entry["feature"] for entry in found["reliance"][:2]} == {"good", "bad"}
    assert not found["partial"]
    assert next(part["value"] for part in found["inputs"][0]["parts"]) == "word 4 of 6"
    arguments = ("--data", "texts.jsonl", "--attributions-only", "--isolated", "--quiet")
    assert entry(["explain", "texts.skops", *arguments, "--output", "texts.html", "--output", "texts.md"]) == 0
    assert "word 4 of 6" in (folder / "texts.html").read_text("utf-8")


def test_a_budget_that_is_over_leaves_a_partial_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["explain", *LEAK, "--budget", "0.001s", "--format", "json", "--isolated"]) in (0, 1)
    said = capsys.readouterr()
    assert "the explanation is partial" in said.err
    document = json.loads(said.out)
    jsonschema.validate(document, SCHEMA)
    assert document["partial"]
    assert document["surface"] is None


def test_a_leaked_column_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, *LEAK, "--input", "3")
    assert found["method"] == "booster-shap"
    assert found["completeness"]["largest"] < 1e-4
    assert found["reliance"][0]["feature"] == "leaked"
    assert found["reliance"][0]["share"] > 0.6
    rules = {finding["rule"] for finding in found["findings"]}
    assert "explain/shortcut" in rules
    assert found["surface"]["fooled"]["hits"] > 0
    assert [entry["index"] for entry in found["inputs"]] == [3]
    assert "takes a shortcut" in " ".join(found["plain"])
    assert found["seed"] == 0
    assert found["command"].startswith("violet explain leak.json --data leak.csv")


def test_the_clean_twin_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, "clean.json", "--data", "clean.csv", "--label", "label")
    assert not [finding for finding in found["findings"] if finding["rule"] == "explain/shortcut"]
    assert found["shortcuts"]["tried"] == 20
    assert found["stability"]["inputs"] > 10


def test_the_same_seed_gives_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (explained(capsys, *LEAK, "--seed", "5", "--samples", "60") for _ in range(2))
    other = explained(capsys, *LEAK, "--seed", "6", "--samples", "60")
    for document in (one, two, other):
        document.pop("seconds")
        document.pop("command")
        document.pop("versions")
    assert one == two
    assert one != other


def test_a_watermark_in_images_with_every_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    names = ("report.html", "report.md", "report.json", "report.sarif")
    outputs = [word for name in names for word in ("--output", str(tmp_path / name))]
    assert entry(["explain", "digits.skops", "--data", "digits.npz", "--samples", "60", *outputs, "--isolated"]) == 0
    shown = capsys.readouterr().out
    assert "explain/shortcut" in shown
    assert "rows 0-1, columns 6-7" in shown
    assert "data:image/png;base64," in (tmp_path / "report.html").read_text("utf-8")
    assert "### Shortcuts" in (tmp_path / "report.md").read_text("utf-8")
    document = json.loads((tmp_path / "report.json").read_text("utf-8"))
    jsonschema.validate(document, SCHEMA)
    assert document["method"] == "tree-shap"
    assert document["shape"] == [8, 8]
    assert len(document["heat"]) == 64
    for shown in document["inputs"]:
        total = sum(part["attribution"] for part in shown["parts"])
        assert total == pytest.approx(shown["score"] - shown["baseline"], abs=1e-6)
        assert sum(shown["heat"]) == pytest.approx(total, abs=1e-2)
    sarif = json.loads((tmp_path / "report.sarif").read_text("utf-8"))
    assert "explain/shortcut" in {result["ruleId"] for result in sarif["runs"][0]["results"]}


def test_examples_of_an_earlier_test(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Those that do not fool this model are left out and counted; the file's own inputs are no reference."""
    import pandas

    frame = pandas.read_csv("leak.csv")
    x = frame[list(NAMES)].to_numpy(np.float32)
    classes = np.unique(frame["label"])
    y = np.searchsorted(classes, frame["label"])
    moved = x.copy()
    moved[:, 9] = 1.0 - moved[:, 9]
    moved[40:60] = x[40:60]
    file = tmp_path / "examples.npz"
    np.savez(file, original=x[:60], adversarial=moved[:60], labels=y[:60])
    found = explained(capsys, *LEAK, "--adversarial", str(file))
    assert 30 <= found["surface"]["fooled"]["hits"] <= 40
    assert found["surface"]["entries"][0]["feature"] == "leaked"
    assert found["surface"]["entries"][0]["moved"] == pytest.approx(1.0)
    assert found["surface"]["selected"] is True
    assert any("do not fool this model" in text for text in found["restrictions"])
    assert found["detection"]["pairs"] == found["surface"]["fooled"]["hits"]
    assert {score["name"] for score in found["detection"]["baselines"]} >= {"maximum probability", "raw distance"}
    rules = {finding["rule"] for finding in found["findings"]}
    assert "explain/reliance-on-movable-feature" in rules


def test_policy_decides_over_findings(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, *LEAK, "--fail-on", "medium", code=1)
    assert found["verdict"] == "deny"


def test_attributions_only_asks_little(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, *LEAK, "--attributions-only")
    assert found["surface"] is found["shortcuts"] is found["stability"] is None
    assert any("Attributions only" in text for text in found["restrictions"])
    whole = explained(capsys, *LEAK)
    assert found["queries"] < whole["queries"]


@pytest.mark.parametrize("method", ["kernel-shap", "permutation"])
def test_other_methods_name_the_same_feature(capsys: pytest.CaptureFixture[str], method: str) -> None:
    found = explained(capsys, *LEAK, "--method", method, "--samples", "30", "--attributions-only")
    assert found["method"] == method
    assert found["unit"] == "probability"
    assert found["reliance"][0]["feature"] == "leaked"
    assert found["completeness"]["expected"] is (method == "kernel-shap")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "There is no model"),
        (("leak.json",), "There is no data"),
        ((*LEAK, "--input", "9999"), "the data has 500 rows"),
        ((*LEAK, "--method", "gradient"), "offers no gradients"),
        ((*LEAK, "--method", "tree-shap"), "does not fit"),
        ((*LEAK, "--method", "lime"), "invalid choice"),
        ((*LEAK, "--background", "1"), "--background must be 2 or more"),
        ((*LEAK, "--threat", "linf"), "is not a number"),
        ((*LEAK, "--attack", "gradient/pgd", "--threat", "linf:0.1"), "does not offer"),
        ((*LEAK, "--adversarial", "leak.csv"), "cannot be read"),
        ((*LEAK, "--adversarial", "digits.npz"), "has no array 'original'"),
        ((*LEAK, "--adversarial", "digits.npz", "--threat", "linf:0.1"), "goes with neither"),
        (("absent.json", "--data", "leak.csv"), "absent.json"),
        (("leak.json", "--data", "absent.csv"), "absent.csv"),
    ],
)
def test_bad_input_is_one_clear_sentence(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["explain", *arguments, "--isolated"]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("violet: ")
    assert "Traceback" not in error
    assert error.count("\n") == 1


def test_examples_for_another_shape_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.npz"
    np.savez(file, original=np.zeros((4, 3)), adversarial=np.zeros((4, 3)), labels=np.zeros(4, dtype=int))
    assert entry(["explain", *LEAK, "--adversarial", str(file), "--isolated"]) == 2
    assert "holds inputs of shape (3,)" in capsys.readouterr().err


def test_a_model_that_gets_nothing_right_is_not_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = np.load("digits.npz")
    np.savez(tmp_path / "wrong.npz", x=data["x"], y=(data["y"] + 5) % 10)
    # the forest of digits is never right about labels that are all five too high
    code = entry(["explain", "digits.skops", "--data", str(tmp_path / "wrong.npz"), "--samples", "20", "--isolated"])
    assert code in (2, 3)
    assert "Traceback" not in capsys.readouterr().err


def test_help_loads_no_numbers() -> None:
    script = (
        "import sys\nfrom violet.faces.cli.main import entry\nentry(['explain', '--help'])\n"
        "heavy = {'numpy', 'shap', 'torch', 'sklearn', 'scipy'} & set(sys.modules)\nsys.exit(bool(heavy))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "--adversarial" in ended.stdout
