"""How the envelopes in ``golden/attestations/`` were made. Run once: their private keys were thrown away.

    python -m tests.provenance.make_golden

A later version of Violet adds envelopes of its own under a new name; these stay as they are.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from tests.provenance.attesting import NOW, signer
from violet.domain import Asset, Confidence, Decision, Digest, Finding, Location, Measurement, Report, Severity, Verdict
from violet.provenance import statement as intoto
from violet.provenance.identity import identify
from violet.provenance.stores import DirectoryStore
from violet.services.attest import (
    Terms,
    attest_derivation,
    attest_report,
    attest_statement,
    revoke,
    write_summary,
)
from violet.services.evidence import collect
from violet.services.options import ScanOptions
from violet.services.training import Training, provenance_of

GOLDEN = Path(__file__).parent / "golden" / "attestations"
YEAR = datetime.timedelta(days=365)

REPORT = Report(
    "scan",
    "0.1.0",
    (Asset("model.bin", "pickle", 16),),
    (
        Finding(
            "artifact/pickle-trailing-data",
            Severity.LOW,
            Confidence.HIGH,
            "Something follows the end.",
            Location("model.bin", 12),
            "b'x'",
            "Look at it.",
            key="trailing",
            logical_path="model.bin",
        ),
    ),
    measurements=(Measurement(Location(""), "scan.files", 1),),
)


def main() -> None:
    GOLDEN.mkdir()  # fails where they are: they are made once
    model = GOLDEN / "model.bin"
    model.write_bytes(b"a golden model.\n")
    identity = identify(str(model))
    ci, dev, big = signer(GOLDEN, "ci"), signer(GOLDEN, "dev", "p384"), signer(GOLDEN, "big", "p521")
    store = DirectoryStore(str(GOLDEN / "model.bin.attestations"))
    terms = Terms(now=NOW)
    warned = Decision(Verdict.WARN, ("1 finding.",), 0)
    attest_report(
        REPORT,
        identity,
        [ci.key, dev.key],
        store,
        decision=warned,
        options=ScanOptions(paths=("model.bin",)),
        fail_on="high",
        terms=Terms(YEAR, "production", "n-1", now=NOW),
    )
    run = Training(
        data=("train.csv=sha256:" + "ab" * 32,),
        code=("src=gitCommit:" + "cd" * 20,),
        base=("base=dirHash:" + "ef" * 32,),
        parameters=("lr=0.1",),
        relation="fine-tune",
        run="run-1",
        started=NOW,
        finished=NOW,
    )
    attest_statement(identity, "provenance", provenance_of(run).encode(), [dev.key], store, terms=terms)
    attest_derivation(identity, [identity], "copy", [big.key], store, terms=terms)
    revoke(identity, "an example", [ci.key], store, terms=terms)
    believed = collect(identity, [store], [ci.trusted()], now=NOW).attestations
    write_summary(
        identity,
        [ci.key],
        store,
        verdict=Verdict.ALLOW,
        policy_uri="file:violet.toml",
        policy_digest=Digest("sha256", "12" * 32),
        inputs=believed,
        terms=Terms(YEAR, "production", now=NOW),
    )
    made = intoto.build(identity, "https://example.com/predicate/v1", {"by": "securesystemslib"}, intoto.Binding(NOW))
    theirs = Envelope(intoto.encode(made), intoto.PAYLOAD_TYPE, {})
    theirs.sign(CryptoSigner(ci.key.key, SSlibKey.from_crypto(ci.key.public.key)))
    Path(store.path, "securesystemslib.dsse.json").write_text(json.dumps(theirs.to_dict(), indent=1))


if __name__ == "__main__":
    main()
