"""Profiles of data: any bytes are a whole profile, or a ``ValueError``. What is inside the zip is fuzzed too, behind
digests that fit."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache

import numpy as np

from violet.detectors.profile.chunk import Chunk
from violet.detectors.profile.file import parse_profile, profile_bytes
from violet.detectors.profile.layout import fit_layout
from violet.detectors.profile.profile import Profile


def fuzz_one(data: bytes) -> None:
    _parsed(data)
    if not data:
        return
    names = sorted(_members())
    name = names[data[0] % len(names)]
    _parsed(_remade({**_members(), name: data[1:]}))
    known = bytearray(_members()[name])
    for place, value in zip(data[1::2], data[2::2], strict=False):
        known[(place * 7) % len(known)] ^= value
    _parsed(_remade({**_members(), name: bytes(known)}))


def _parsed(content: bytes) -> None:
    try:
        profile, facts = parse_profile(content)
    except ValueError:
        return
    assert profile.rows >= 0
    assert isinstance(facts, dict)
    profile_bytes(profile, facts)


@cache
def _members() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    sample = Chunk(60, numbers={"x": rng.normal(size=60), "n": rng.integers(0, 3, 60)})
    profile = Profile(fit_layout(sample), window=20)
    profile.add(sample)
    with zipfile.ZipFile(io.BytesIO(profile_bytes(profile))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _remade(members: dict[str, bytes]) -> bytes:
    """With digests that fit, where the header can still be read."""
    parts = dict(members)
    text = parts.pop("profile.json")
    said = hashlib.sha256()
    for name, data in sorted(parts.items()):
        said.update(name.removesuffix(".npy").encode() + b"\0" + len(data).to_bytes(8, "little") + data)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if isinstance(header, dict):
        header.pop("digest", None)
        header["arrays"] = said.hexdigest()
        header["digest"] = hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()
        text = json.dumps(header).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("profile.json", text)
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()
