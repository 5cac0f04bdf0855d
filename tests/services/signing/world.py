"""Keys, certificates and a model for the tests of signing, and ways to tamper with them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from violet.domain.signature import VerifyResult
from violet.provenance.identity import identify
from violet.provenance.keys import load_private
from violet.provenance.manifest import Entry, Manifest, statement
from violet.provenance.signing import bundle as bundles
from violet.services.keys import make
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify

BIN = Path(sys.executable).parent
FILES = {"config.json": b"{}", "a/weights.bin": b"w" * 3_000_000, "a/b/x": b"x", "-odd name.txt": b"o", "zero": b""}


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class World:
    """Keys, certificates and a model that the tests of this module copy."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, curve in (("p256", "p256"), ("p384", "p384"), ("other", "p256")):
            make(str(root / name), curve, None)
        make(str(root / "locked"), "p256", "the passphrase")
        self.authority("root", "/CN=Root")
        self.authority("stranger", "/CN=Stranger")
        self.certificate("leaf", "p384", "keyUsage=critical,digitalSignature", 90)
        self.certificate("unfit", "p384", "keyUsage=critical,keyEncipherment", 90)
        self.certificate("foreign", "other", "extendedKeyUsage=codeSigning", 90)
        self.model = root / "original"
        for name, content in FILES.items():
            path = self.model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def authority(self, name: str, subject: str) -> None:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.root / f"{name}.key")
        openssl(
            *("req", "-x509", "-new", "-key", self.root / f"{name}.key", "-subj", subject, "-days", "100"),
            *("-out", self.root / f"{name}.crt", "-addext", "keyUsage=critical,keyCertSign"),
        )

    def certificate(self, name: str, key: str, extension: str, days: int) -> None:
        request, extensions = self.root / f"{name}.csr", self.root / f"{name}.ext"
        extensions.write_text(f"{extension}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-key", self.root / key, "-subj", f"/CN=Signer {name}", "-out", request)
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.root / "root.crt", "-CAkey", self.root / "root.key"),
            *("-days", str(days), "-extfile", extensions, "-out", self.root / f"{name}.crt"),
        )

    def path(self, name: str) -> str:
        return str(self.root / name)


def signed(world: World, path: str = "model", key: str = "p256", **more: Any) -> str:
    return sign(SignOptions(path, world.path(key), cache=False, **more)).signature


def verified(world: World, path: str = "model", key: str = "p256.pub", **more: Any) -> VerifyResult:
    return verify(VerifyOptions(path, signers=trusted([world.path(key)]) if key else (), cache=False, **more))


def upstream(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / "model_signing", *map(str, words)], capture_output=True, text=True, check=False)


def alter(model: Path) -> None:
    with (model / "a" / "weights.bin").open("r+b") as file:
        file.seek(1_234_567)
        file.write(b"W")


def forge(world: World, manifest: Manifest | bytes, *keys: str, payload_type: str = bundles.PAYLOAD_TYPE) -> None:
    """A bundle around anything, made with real keys."""
    payload = manifest if isinstance(manifest, bytes) else statement(manifest)
    owners = [load_private(world.path(key)) for key in keys]
    signatures = [owner.sign(bundles.pae(payload_type, payload)) for owner in owners]
    table = json.loads(bundles.write(payload, signatures, bundles.key_material(owners[0].public.key_id)))
    table["dsseEnvelope"]["payloadType"] = payload_type
    Path("model.sig").write_text(json.dumps(table))


def entries_of(model: Path) -> tuple[Entry, ...]:
    return tuple(Entry(file.path, file.digest.value) for file in identify(str(model)).files)


def edit(change: Callable[[dict[str, Any]], object]) -> None:
    path = Path("model.sig")
    table = json.loads(path.read_bytes())
    change(table)
    path.write_text(json.dumps(table))


def edit_payload(table: dict[str, Any]) -> None:
    payload = base64.b64decode(table["dsseEnvelope"]["payload"]).replace(b"config.json", b"c0nfig.json")
    table["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
