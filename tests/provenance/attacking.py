"""What attacks on evidence are made with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.provenance.attesting import NOW, PREDICATE, Signer, identity
from violet.domain import Digest
from violet.domain.provenance import Evidence, FileDigest, Identity
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance.evidence import Expected, collect
from violet.provenance.stores import DirectoryStore


def judge(store: Any, *who: Signer, of: Identity | None = None, **expected: Any) -> Evidence:
    return collect(of or identity(), [store], [s.trusted() for s in who], now=NOW, expected=Expected(**expected))


def codes(evidence: Evidence) -> list[str]:
    return [refusal.code for refusal in evidence.refused]


def put(store: DirectoryStore, content: bytes, name: str = "x.dsse.json") -> Path:
    Path(store.path).mkdir(exist_ok=True)
    path = Path(store.path, name)
    path.write_bytes(content)
    return path


def table(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(path).read_bytes())
    return loaded


def about(who: Signer, *subjects: dict[str, Any], kind: str = "test-result", **more: Any) -> bytes:
    """A statement with any subjects, signed."""
    statement = {
        "_type": intoto.STATEMENT_TYPE,
        "subject": list(subjects),
        "predicateType": intoto.predicate_uri(kind),
        "predicate": PREDICATE,
        **more,
    }
    return dsse.sign(json.dumps(statement).encode(), intoto.PAYLOAD_TYPE, [who.key]).to_bytes()


def files(**contents: str) -> Identity:
    """The identity of a directory, as ``identify`` would give it."""
    listed = tuple(
        FileDigest(name, len(text), Digest("sha256", hashlib.sha256(text.encode()).hexdigest()))
        for name, text in sorted(contents.items())
    )
    lines = "".join(f"{file.digest.value}  {file.path}\n" for file in listed)
    whole = Digest("dirHash", hashlib.sha256(lines.encode()).hexdigest())
    return Identity("model", whole, sum(f.size for f in listed), listed)


def named(of: Identity) -> list[dict[str, Any]]:
    return [{"name": file.path, "digest": {"sha256": file.digest.value}} for file in of.files]
