"""``violet harden`` as users meet it: real models in files, made harder or found out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from violet.exercises.demo import build_credit
from violet.faces.cli.main import entry

TEST = ("--suite", "quick", "--samples", "50", "--probes", "24", "--jobs", "1", "--isolated", "--no-progress")

NET = """
from torch import nn, manual_seed


def make():
    manual_seed(0)
    return nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits as flat rows, a linear model of them, and the credit model with its data."""
    made = tmp_path_factory.mktemp("harden")
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = x[order], y[order]
    np.savez(made / "train.npz", x=x[:1200], y=y[:1200])
    np.savez(made / "holdout.npz", x=x[1200:], y=y[1200:])
    skops.io.dump(LogisticRegression(max_iter=500).fit(x[:1200], y[:1200]), made / "linear.skops")
    (made / "violetnet.py").write_text(NET, encoding="utf-8")
    build_credit(str(made / "credit"), 7)
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def hardened(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> dict[str, Any]:
    assert entry(["harden", *arguments, *TEST, "--format", "json"]) == code, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert entry(["harden", *arguments, *TEST]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_trees_that_are_fitted_with_feasible_rows_become_harder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credit = ("--data", "credit/holdout.csv", "--train", "credit/train.csv", "--schema", "credit/credit.toml")
    found = hardened(
        capsys, "credit/risk.skops", *credit, "--threat", "feasible:2", "--method", "feasible-rows",
        "--save", "hard.skops", "--set", "rounds=2", "--set", "attacked=300", "--max-clean-loss", "0.1", code=0,
    )  # fmt: skip
    assert found["effect"] == "harder"
    assert found["robust"]["gained"] > found["robust"]["lost"]
    assert found["robust"]["chance"] < 0.05
    before, after = found["before"]["bound"], found["after"]["bound"]
    assert after["hits"] - before["hits"] == found["robust"]["gained"] - found["robust"]["lost"]
    assert found["parent_digest"] != found["output_digest"]
    assert entry(["scan", "hard.skops", "--isolated", "--quiet"]) == 0
    assert not list(folder.glob("*.fit.skops")), "what was written on the way is still there"


@pytest.mark.torch
def test_a_network_that_is_trained_adversarially_becomes_harder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.syspath_prepend(str(folder))
    import violetnet

    data = np.load("train.npz")
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    module = violetnet.make()
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)
    for _ in range(120):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(module(x), y).backward()
        optimiser.step()
    torch.save(module.state_dict(), "weights.pt")
    common = ("weights.pt", "--factory", "violetnet:make", "--data", "holdout.npz", "--train", "train.npz")
    found = hardened(
        capsys, *common, "--threat", "linf:0.12", "--method", "adversarial-training", "--save", "hard.pt",
        "--set", "epochs=12", "--set", "learning_rate=0.003", "--max-clean-loss", "0.1", code=0,
    )  # fmt: skip
    assert found["effect"] == "harder"
    assert found["after"]["bound"]["value"] > found["before"]["bound"]["value"] + 0.15
    assert any("accuracy under attack" in name for name, _ in found["steps"])
    assert torch.load("hard.pt", weights_only=True).keys() == module.state_dict().keys()


@pytest.mark.torch
def test_rounded_inputs_are_called_a_mask(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.syspath_prepend(str(folder))
    import violetnet

    data = np.load("train.npz")
    module = violetnet.make()
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    for _ in range(80):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(module(x), y).backward()
        optimiser.step()
    torch.save(module.state_dict(), "plain.pt")
    found = hardened(
        capsys, "plain.pt", "--factory", "violetnet:make", "--data", "holdout.npz", "--threat", "linf:0.12",
        "--method", "discretise", "--set", "levels=6", "--save", "coarse.json", code=1,
    )  # fmt: skip
    assert found["effect"] == "masks gradients"
    failed = {c["id"] for c in found["after"]["sanity"] if c["outcome"] == "failed" and c["decisive"]}
    assert "gradients-alive" in failed
    assert found["after"]["robust"] is None
    assert "gradient/adaptive" in {run["attack"] for run in found["after"]["runs"]}


def test_smoothing_is_judged_by_its_certificate_and_tested_as_any_model(capsys: pytest.CaptureFixture[str]) -> None:
    found = hardened(
        capsys, "linear.skops", "--data", "holdout.npz", "--threat", "l2:0.2", "--method", "smoothing",
        "--set", "sigma=0.15", "--set", "votes=8", "--save", "smooth.json", code=1,
    )  # fmt: skip
    certificate = found["certificate"]
    values = [point["accuracy"]["value"] for point in certificate["points"]]
    assert values[0] > 0.7
    assert values == sorted(values, reverse=True)
    assert certificate["mean_radius"] > 0.1
    assert found["after"]["robust"] is None, "answers that are drawn by lot cannot be believed"
    assert entry(["test", "smooth.json", "--data", "holdout.npz", "--threat", "l2:0.2", *TEST, "--format", "json"]) in (
        0,
        1,
    )
    assert json.loads(capsys.readouterr().out)["test"]["subject"] == "smooth.json"


def test_calibration_changes_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    found = hardened(
        capsys, "linear.skops", "--data", "holdout.npz", "--threat", "linf:0.1", "--method", "calibrate",
        "--save", "calibrated.json", code=1,
    )  # fmt: skip
    assert found["clean"]["gained"] == found["clean"]["lost"] == 0
    assert found["calibration"]["after"] <= found["calibration"]["before"] + 0.01
    assert found["effect"] == "no better"


def test_a_defended_model_is_bound_to_the_file_it_defends(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hardened(
        capsys,
        "linear.skops",
        "--data",
        "holdout.npz",
        "--threat",
        "linf:0.1",
        "--method",
        "round",
        "--save",
        "r.json",
        code=1,
    )
    text = (folder / "r.json").read_text(encoding="utf-8")
    (folder / "r.json").write_text(text.replace("sha256:", "sha256:0", 1), encoding="utf-8")
    assert entry(["test", "r.json", "--data", "holdout.npz", "--threat", "linf:0.1", *TEST]) == 3
    assert "with the digest" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["h.html", "h.md", "h.txt"])
def test_every_format_is_written(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    given = ["harden", "linear.skops", "--data", "holdout.npz", "--threat", "linf:0.1", "--method", "label-only"]
    assert entry([*given, "--save", f"{name}.json", *TEST, "--output", name, "--quiet"]) == 1
    text = (folder / name).read_text(encoding="utf-8")
    assert "no better" in text.lower()
    assert "clean accuracy" in text


def test_what_was_made_of_what_is_signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from violet.provenance.keys import generate

    key = generate()
    (folder / "ci.pem").write_bytes(key.pem(None))
    (folder / "ci.pem").chmod(0o600)
    (folder / "ci.pem.pub").write_bytes(key.public.pem)
    hardened(
        capsys, "linear.skops", "--data", "holdout.npz", "--threat", "linf:0.1", "--method", "round",
        "--save", "s.json", "--attest", "--key", "ci.pem", code=1,
    )  # fmt: skip
    assert entry(["lineage", "s.json", "--trust", "ci=ci.pem.pub", "--format", "json"]) in (0, 1)
    assert "hardening" in capsys.readouterr().out


CASES: list[tuple[list[str], str]] = [
    (["--method", "magic", "--save", "x.json"], "no method 'magic'"),
    (["--method", "smoothing", "--save", "x.pt"], ".json"),
    (["--method", "smoothing", "--save", "x.json", "--set", "sigmo=1"], "no setting"),
    (["--method", "smoothing", "--save", "x.json", "--set", "sigma=-1"], "above 0"),
    (["--method", "smoothing", "--save", "nowhere/x.json"], "does not exist"),
    (["--method", "smoothing", "--save", "linear.skops"], "exists already"),
    (["--method", "ensemble", "--save", "x.json"], "--member"),
    (["--method", "feasible-rows", "--save", "x.skops"], "--train"),
    (["--method", "feasible-rows", "--save", "x.skops", "--train", "holdout.npz"], "are the held-out data"),
    (["--method", "feasible-rows", "--save", "x.onnx", "--train", "train.npz"], ".skops"),
    (["--method", "adversarial-training", "--save", "x.pt", "--train", "train.npz"], "trains torch modules"),
    (["--method", "discretise", "--save", "x.json", "--set", "levels=1.5"], "cannot have the value"),
    (["--method", "round", "--save", "x.json", "--key", "k"], "--attest"),
]


@pytest.mark.parametrize(("arguments", "said"), CASES, ids=[" ".join(a[1:]) for a, _ in CASES])
def test_bad_input_gets_one_clear_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert said in complaint(capsys, "linear.skops", "--data", "holdout.npz", "--threat", "linf:0.1", *arguments)
    assert sorted(path.name for path in folder.iterdir()) == before, "something half-written was left"
