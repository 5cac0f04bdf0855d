"""``violet test`` as users meet it: real models in files, held-out data in files, every format, every complaint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from violet.faces.cli.main import entry
from violet.provenance.keys import generate

QUICK = ("--suite", "quick", "--samples", "60", "--probes", "32", "--jobs", "1", "--isolated", "--no-progress")
START = (sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import main; main()")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear model of digits as skops and as joblib, a joblib file with a trojan, and held-out data."""
    made = tmp_path_factory.mktemp("test")
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = x[order], y[order]
    model = LogisticRegression(max_iter=500).fit(x[:1200], y[:1200])
    skops.io.dump(model, made / "digits.skops")
    joblib.dump(model, made / "digits.joblib")
    (made / "trojan.joblib").write_bytes(b"\x80\x04cos\nsystem\n\x8c\x04echo\x85R.")
    np.savez(made / "holdout.npz", x=x[1200:], y=y[1200:])
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def result_of(capsys: pytest.CaptureFixture[str], model: str, *arguments: str, code: int = 1) -> dict[str, Any]:
    given = ["test", model, "--data", "holdout.npz", "--threat", "linf:0.2", *QUICK, *arguments, "--format", "json"]
    assert entry(given) == code, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    assert entry(["test", *arguments]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("violet: ")
    assert "Traceback" not in shown.err
    return shown.err


def test_a_weak_model_fails_with_figures_that_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    found = result_of(capsys, "digits.skops")
    test = found["test"]
    assert test["clean"]["total"] == 60
    assert test["bound"]["hits"] <= test["clean"]["hits"]
    assert test["bound"]["low"] <= test["bound"]["value"] <= test["bound"]["high"]
    rules = {finding["rule"] for finding in found["report"]["findings"]}
    assert "evasion/low-robust-accuracy" in rules
    assert "digits.skops" in test["command"]


def test_the_printed_command_gives_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    first = result_of(capsys, "digits.skops")["test"]
    words = shlex.split(first["command"])
    assert words[0] == "violet"
    assert entry([*words[1:], "--format", "json", "--jobs", "1"]) == 1
    again = json.loads(capsys.readouterr().out)["test"]
    assert again["bound"] == first["bound"]
    assert [run["fooled"] for run in again["runs"]] == [run["fooled"] for run in first["runs"]]


def test_a_policy_that_asks_less_is_met(capsys: pytest.CaptureFixture[str]) -> None:
    result_of(capsys, "digits.skops", "--min-robust", "0", code=0)


def test_joblib_is_loaded_only_with_trust_and_then_answers_alike(capsys: pytest.CaptureFixture[str]) -> None:
    refused = complaint(capsys, "digits.joblib", "--data", "holdout.npz", "--threat", "linf:0.2", *QUICK)
    assert "--trust" in refused
    trusted = result_of(capsys, "digits.joblib", "--trust")["test"]
    plain = result_of(capsys, "digits.skops")["test"]
    assert trusted["bound"] == plain["bound"]


def test_what_the_scan_condemns_is_not_loaded_whoever_trusts_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(
        capsys, "trojan.joblib", "--trust", "--data", "holdout.npz", "--threat", "linf:0.2", *QUICK, code=1
    )
    assert "condemns" in said
    assert "os.system" in said


@pytest.mark.parametrize("name", ["report.html", "report.md", "report.sarif", "report.xml", "report.txt"])
def test_every_format_is_written(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    given = [
        "test",
        "digits.skops",
        "--data",
        "holdout.npz",
        "--threat",
        "linf:0.2",
        *QUICK,
        "--output",
        name,
        "--quiet",
    ]
    assert entry(given) == 1
    assert capsys.readouterr().out == ""
    text = (folder / name).read_text(encoding="utf-8")
    assert "low-robust-accuracy" in text
    if name.endswith("sarif"):
        (run,) = json.loads(text)["runs"]
        assert any(r["ruleId"] == "evasion/low-robust-accuracy" for r in run["results"])


def test_examples_are_saved_and_fool_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result_of(capsys, "digits.skops", "--save-adversarial", "found.npz")
    found = np.load("found.npz", allow_pickle=False)
    model = skops.io.load(folder / "digits.skops", trusted=[])
    assert len(found["labels"]) > 10
    assert (model.predict(found["adversarial"]) != found["labels"]).all()
    assert (model.predict(found["original"]) == found["labels"]).all()
    assert np.abs(found["adversarial"] - found["original"]).max() <= 0.2 + 1e-6


def test_the_attacks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["test", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("scores/square ") for line in lines)
    assert any(line.startswith("gradient/apgd-ce ") for line in lines)


CASES: list[tuple[list[str], str]] = [
    ([], "no model"),
    (["digits.skops"], "no data"),
    (["digits.skops", "--data", "holdout.npz"], "no threat"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:x"], "not a number"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "l9:1"], "not a norm"),
    (["digits.skops", "--data", "nowhere.npz", "--threat", "linf:0.2"], "nowhere.npz"),
    (["nowhere.skops", "--data", "holdout.npz", "--threat", "linf:0.2"], "nowhere.skops"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--budget", "soon"], "length of time"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--attack", "squere"], "Did you mean"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--attack", "gradient/pgd"], "no gradients"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "feasible:2"], "No attack fits"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--samples", "-1"], "--samples"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--set", "x"], "ID.NAME=VALUE"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--resume"], "--run"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--range", "1:0"], "--range"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--min-robust", "7"], "--min-robust"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--engine", "mars"], "engine"),
    (["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--key", "x"], "--attest"),
]


@pytest.mark.parametrize(("arguments", "said"), CASES, ids=[" ".join(a[-2:]) or "nothing" for a, _ in CASES])
def test_bad_input_gets_one_clear_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert said in complaint(capsys, *arguments, "--isolated")


@pytest.mark.parametrize("command", ["test", "explain", "harden"])
def test_without_the_extra_the_command_that_installs_it_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    more = ("--method", "round", "--save", "x.json") if command == "harden" else ()
    assert entry([command, "digits.skops", "--data", "holdout.npz", "--threat", "linf:0.1", *more]) == 2
    assert "pip install 'violet-mlsecops[test]'" in capsys.readouterr().err


def test_an_option_that_an_attack_does_not_have_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", *QUICK]
    assert "no option 'stepz'" in complaint(capsys, *given, "--set", "scores/random-search.stepz=3")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((20, 63), dtype=np.float32), "y": np.arange(20) % 10}, "63"),
        ({"x": np.full((20, 64), np.nan, dtype=np.float32), "y": np.arange(20) % 10}, "nan in row 0"),
        ({"x": np.zeros((20, 64), dtype=np.float32), "y": np.zeros(20, dtype=int)}, "class"),
        ({"x": np.zeros((20, 64), dtype=np.float32), "y": np.arange(19) % 10}, "19"),
        ({"x": np.zeros((0, 64), dtype=np.float32), "y": np.zeros(0, dtype=int)}, ""),
    ],
    ids=["width", "nan", "one class", "lengths", "empty"],
)
def test_data_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arrays: dict[str, Any], said: str
) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    assert entry(["test", "digits.skops", "--data", str(tmp_path / "bad.npz"), "--threat", "linf:0.2", *QUICK]) in (
        2,
        3,
    )
    shown = capsys.readouterr().err
    assert said in shown
    assert "internal error" not in shown


def test_a_signed_result_is_bound_to_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = generate()
    (folder / "ci.pem").write_bytes(key.pem(None))
    (folder / "ci.pem").chmod(0o600)
    (folder / "ci.pem.pub").write_bytes(key.public.pem)
    result_of(capsys, "digits.skops", "--attest", "--key", "ci.pem")
    assert entry(["attest", "verify", "digits.skops", "--trust", "ci=ci.pem.pub", "--format", "json"]) == 0
    assert "test:linf:0.2" in capsys.readouterr().out


def _begin(*arguments: str) -> subprocess.Popen[str]:
    given = ("test", "digits.skops", "--data", "holdout.npz", "--threat", "linf:0.2", "--isolated", "--format", "json")
    return subprocess.Popen([*START, *given, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for(directory: Path, count: int = 1) -> None:
    """Until so many results are kept."""
    until = time.monotonic() + 120
    while len(list(directory.glob("results/*.npz"))) < count:
        assert time.monotonic() < until, "nothing was kept"
        time.sleep(0.05)


def test_who_presses_ctrl_c_gets_a_partial_report_and_can_resume(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = _begin("--suite", "black-box", "--samples", "150", "--run", str(run))
    _wait_for(run)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert "interrupted" in err
    test = json.loads(out)["test"]
    assert test["partial"]
    assert test["robust"] is None
    assert process.returncode in (1, 3)
    kept = {file.name: file.stat().st_mtime_ns for file in run.glob("results/*.npz")}
    process = _begin("--suite", "black-box", "--samples", "150", "--run", str(run), "--resume", "--budget", "10s")
    out, err = process.communicate(timeout=240)
    assert json.loads(out)["test"]["clean"]["total"] == 150, err
    assert all((run / "results" / name).stat().st_mtime_ns == changed for name, changed in kept.items())


def test_a_run_that_was_killed_goes_on_from_what_it_kept(tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = ("--suite", "quick", "--samples", "120", "--probes", "64", "--jobs", "1", "--run", str(run))
    process = _begin(*arguments)
    _wait_for(run, 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    resumed, _ = _begin(*arguments, "--resume").communicate(timeout=240)
    whole, _ = _begin(*arguments[:-2]).communicate(timeout=240)
    ours, theirs = json.loads(resumed)["test"], json.loads(whole)["test"]
    assert ours["bound"] == theirs["bound"]
    assert ours["runs"][0]["queries"] == theirs["runs"][0]["queries"]


def test_a_resume_with_other_options_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    result_of(capsys, "digits.skops", "--run", run)
    given = ["digits.skops", "--data", "holdout.npz", *QUICK, "--run", run, "--resume"]
    assert "threat" in complaint(capsys, *given, "--threat", "linf:0.1")
    assert "run" in complaint(capsys, *given[:-1], "--threat", "linf:0.2")


def test_no_worker_outlives_a_killed_test(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = _begin("--suite", "black-box", "--samples", "300", "--jobs", "2", "--run", str(run))
    _wait_for(run)
    children = _descendants(process.pid)
    assert children
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") and not _is_zombie(pid) for pid in children):
        assert time.monotonic() < until, "workers went on"
        time.sleep(0.1)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for entry_ in Path("/proc").iterdir():
        if entry_.name.isdigit():
            try:
                parent = int((entry_ / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == pid:
                found += [int(entry_.name), *_descendants(int(entry_.name))]
    return found


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
