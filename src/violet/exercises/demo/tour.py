"""The demonstration's steps: what is typed, why, and what should come of it.

Each is a command that users can type themselves, and its expected exit code: the tour ends well only if every
command came out as it should.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.exercises.demo.deployment import Deployment

GOOD = "churn-forest.pkl"
TROJAN = "churn-forest-v2.pkl"
TAMPERED = "tampered"


@dataclass(frozen=True, slots=True)
class Step:
    """``why`` is said before, ``arguments`` are those of ``violet``, ``expected`` is the exit code. ``prepare`` does
    what an attacker or a careless colleague would, and ``did`` says what that was."""

    why: str
    arguments: tuple[str, ...]
    expected: int = 0
    did: str = ""
    prepare: Callable[[], None] | None = None


def steps(directory: str, deployment: Deployment) -> tuple[Step, ...]:
    """The tour of a zoo in ``directory``/zoo: scan, sign, attest, list, and let the gate decide thrice; then of the
    model in ``directory``/credit: test, explain, harden; deploy it behind the guard, attack it there, and look."""
    zoo, key, policy = (os.path.join(directory, name) for name in ("zoo", "release.key", "violet.toml"))
    good, trojan = os.path.join(zoo, GOOD), os.path.join(zoo, TROJAN)
    tampered = os.path.join(directory, TAMPERED, GOOD)
    trust = ("--trust", f"release={key}.pub")
    gate = ("gate", "--policy", policy, *trust)
    reports = tuple(os.path.join(directory, name) for name in ("report.html", "report.sarif"))
    risk, train, holdout, schema, found, page, hardened = (
        os.path.join(directory, "credit", name)
        for name in (
            "risk.skops",
            "train.csv",
            "holdout.csv",
            "credit.toml",
            "found.npz",
            "robustness.html",
            "hardened.skops",
        )
    )
    asked = ("--data", holdout, "--schema", schema, "--isolated")
    attacked = (
        *asked,
        "--threat",
        "feasible:2",
        "--suite",
        "quick",
        "--samples",
        "100",
        "--probes",
        "48",
        "--jobs",
        "1",
    )
    return (
        Step(
            "Which of these files would do harm when loaded?",
            ("scan", zoo, "--isolated", "--output", reports[0], "--output", reports[1]),
            expected=1,
        ),
        Step("Make a key to vouch with.", ("keys", "new", key)),
        Step("Sign the good forest (OpenSSF model signing).", ("sign", good, "--key", key)),
        Step("Leave what the scan found, signed, beside it.", ("attest", "scan", good, "--key", key, "--isolated")),
        Step("What is it made of?", ("bom", good, "--output", f"{good}.cdx.json")),
        Step("Write a policy: signed, examined completely, nothing severe.", ("gate", "init", "--output", policy)),
        Step("May the good forest go live?", (*gate, good)),
        Step("May the trojaned one, if somebody signs it?", ("sign", trojan, "--key", key)),
        Step("The gate looks at what it does, too.", (*gate, trojan, "--run-missing"), expected=1),
        Step(
            "May a copy that was changed after all that?",
            (*gate, tampered),
            expected=1,
            did=f"copied {GOOD} with all its evidence to {os.path.dirname(tampered)}, and changed one byte of it",
            prepare=lambda: tamper(good, tampered),
        ),
        Step(
            "A model of credit risk: what if an applicant changes two things that he states?",
            ("test", risk, *attacked, "--save-adversarial", found, "--output", page),
            expected=1,
        ),
        Step("Why does it give way?", ("explain", risk, *asked, "--adversarial", found)),
        Step(
            "Make it harder, and prove it by the same test.",
            ("harden", risk, *attacked, "--train", train, "--method", "feasible-rows", "--set", "rounds=3",
             "--set", "attacked=400", "--save", hardened),
        ),
        Step(
            "Before it goes live: what does its honest traffic look like?",
            ("profile", deployment.benign, "-o", deployment.profile),
        ),
        Step(
            "Fit the guard's thresholds to it: two false alarms in 10,000 requests, all detectors together.",
            ("guard", "calibrate", deployment.benign, "--profile", deployment.profile, "--false-alarms", "2",
             "--output", deployment.calibration, "--isolated"),
        ),
        Step(
            "Now it is live, behind its guard, and somebody attacks it over the network.",
            ("test", deployment.url, *asked, "--threat", "feasible:2", "--attack", "tabular/feasible-decisions",
             "--samples", "16", "--probes", "4", "--queries", "200", "--no-scan"),
            expected=1,
            did="started the model, and: violet " + " ".join(deployment.guard_command),
            prepare=deployment.start,
        ),
        Step("What did the guard see, and what did it do?", ("watch", deployment.state, "--once")),
    )  # fmt: skip


def tamper(model: str, copy: str) -> None:
    """Copy a model with all that lies beside it, and change one byte in the middle of it."""
    folder = os.path.dirname(copy)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copyfile(model, copy)
    shutil.copyfile(f"{model}.sig", f"{copy}.sig")
    shutil.copytree(f"{model}.attestations", f"{copy}.attestations")
    with open(copy, "r+b") as file:
        middle = os.path.getsize(copy) // 2
        file.seek(middle)
        byte = file.read(1)
        file.seek(middle)
        file.write(bytes([byte[0] ^ 1]))
