"""A place of work: keys, a policy, a good model and its trojaned twin."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from violet.domain.gate import GateDecision, Outcome
from violet.faces.cli.main import entry
from violet.provenance.keys import PrivateKey, generate
from violet.services.attest import Terms, attest_statement
from violet.services.attest_scan import attest_scan
from violet.services.configuration import load
from violet.services.evidence import stores_for
from violet.services.gate import GateOptions, decide

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
PEOPLE = ("release", "ci", "audit", "security", "ann", "gate", "stranger")

TRUST = """
[trust.signers.release]
key = "release.pem.pub"
vouches_for = ["signature"]
[trust.signers.ci]
key = "ci.pem.pub"
vouches_for = ["test-result", "provenance", "cyclonedx", "vex"]
[trust.signers.audit]
key = "audit.pem.pub"
vouches_for = ["test-result"]
[trust.signers.security]
key = "security.pem.pub"
vouches_for = ["waiver"]
[trust.signers.ann]
key = "ann.pem.pub"
vouches_for = ["waiver"]
"""


@dataclass
class World:
    root: Path
    keys: dict[str, PrivateKey] = field(default_factory=dict)

    def policy(self, toml: str, trust: str = TRUST, name: str = "violet.toml") -> None:
        (self.root / name).write_text(f"{toml}\n{trust}", encoding="utf-8")

    def preset(self, name: str = "baseline") -> None:
        from violet.policy.presets import text

        self.policy(text(name))

    def sign(self, model: str, key: str = "release") -> None:
        assert entry(["sign", model, "--key", f"{key}.pem", "--format", "json", "--output", "signed.json"]) == 0

    def attest(self, model: str, key: str = "ci", now: datetime.datetime = NOW, **more: Any) -> str:
        """Scan, and sign the result at ``now``; gives the envelope's path."""
        configuration = load()
        terms = Terms(now=now, **{k: more.pop(k) for k in ("expires", "environment", "nonce") if k in more})
        store = stores_for(model, configuration)[0]
        return attest_scan(model, configuration, [self.keys[key]], store, terms=terms, **more).written.path

    def state(self, model: str, kind: str, predicate: dict[str, Any], key: str = "ci", **terms: Any) -> str:
        from violet.provenance.identity import identify

        store = stores_for(model, load())[0]
        check = terms.pop("check", "")
        made = Terms(now=terms.pop("now", NOW), **terms)
        return attest_statement(identify(model), kind, predicate, self.keys[key], store, terms=made, check=check).path

    def decide(self, model: str, now: datetime.datetime = NOW, **more: Any) -> GateDecision:
        return decide(GateOptions(model, now=now, **more))

    def copy(self, model: str, name: str) -> None:
        """A copy of a model with all that lies beside it."""
        shutil.copy(self.root / model, self.root / name)
        shutil.copy(self.root / f"{model}.sig", self.root / f"{name}.sig")
        shutil.copytree(self.root / f"{model}.attestations", self.root / f"{name}.attestations")


def build(root: Path) -> None:
    """Keys without a passphrase, and the two models."""
    from violet.exercises.demo import build as build_zoo

    for name in PEOPLE:
        key = generate()
        (root / f"{name}.pem").write_bytes(key.pem(None))
        (root / f"{name}.pem").chmod(0o600)
        (root / f"{name}.pem.pub").write_bytes(key.public.pem)
    build_zoo(str(root / "zoo"))
    (root / "zoo" / "churn-forest.pkl").rename(root / "good.pkl")
    (root / "zoo" / "churn-forest-v2.pkl").rename(root / "trojan.pkl")
    shutil.rmtree(root / "zoo")
    tree = root / "tree"
    tree.mkdir()
    shutil.copy(root / "good.pkl", tree / "model.pkl")
    (tree / "config.json").write_text("{}", encoding="utf-8")


def outcomes(decision: GateDecision) -> dict[str, Outcome]:
    return {result.requirement.name: result.outcome for result in decision.results}


def reason(decision: GateDecision, name: str) -> str:
    return next(result.reason for result in decision.results if result.requirement.name == name)


Meanwhile = Callable[[], None]
