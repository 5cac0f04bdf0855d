"""Keys, artifacts and envelopes for tests of attestations."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path

from violet.domain import Digest
from violet.domain.provenance import Identity, TrustedSigner
from violet.provenance.keys import PrivateKey, generate
from violet.provenance.stores import DirectoryStore
from violet.services.attest import Terms, Written, attest_statement

NOW = datetime.datetime(2026, 11, 2, 12, 0, 0, tzinfo=datetime.UTC)
PREDICATE = {"result": "PASSED", "configuration": []}


@dataclass(frozen=True)
class Signer:
    """Somebody with a key, and the file in which others have the public half."""

    name: str
    key: PrivateKey
    file: Path

    def trusted(self, *vouches_for: str) -> TrustedSigner:
        return TrustedSigner(self.name, str(self.file), vouches_for or ("*",))


def signer(folder: Path, name: str, curve: str = "p256") -> Signer:
    key = generate(curve)
    file = folder / f"{name}.pub"
    file.write_bytes(key.public.pem)
    return Signer(name, key, file)


def identity(text: str = "model") -> Identity:
    return Identity(text, Digest("sha256", hashlib.sha256(text.encode()).hexdigest()), len(text))


def leave(
    store: DirectoryStore,
    of: Identity,
    *signers: Signer,
    kind: str = "test-result",
    predicate: dict[str, object] | None = None,
    check: str = "",
    now: datetime.datetime = NOW,
    **terms: object,
) -> Written:
    """An envelope about ``of``, issued at ``now``."""
    made = Terms(now=now, **terms)  # type: ignore[arg-type]
    keys = [s.key for s in signers]
    return attest_statement(of, kind, predicate or PREDICATE, keys, store, terms=made, check=check)
