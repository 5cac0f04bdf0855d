"""Values on the board, as bytes: made by one worker, believed by none.

The value of a client is what its worker has seen of it since an epoch: sums as float32, little-endian, by detector.
With a secret, each carries a keyed BLAKE2b (RFC 7693) over guard, worker, client and version, so that whoever can write
to the board cannot speak for a worker, or put back what it said earlier.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from violet.domain.alert import Response, Ruling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LARGEST_VALUE = 64 << 10
"""Bytes of one client's value."""
LARGEST_RULINGS = 4 << 20
MOST_RULINGS = 10_000
MOST_DETECTORS = 256
GREATEST = 1e30
"""The greatest size of a sum: far from where float32 ends, so that sums of sums stay finite."""
_TAG = 16


class RefusedError(Exception):
    """A value is not what a worker would have posted. The message is one sentence."""


class _Value(msgspec.Struct, frozen=True, array_like=True):
    epoch: int
    sums: dict[str, bytes]


class _Ruling(msgspec.Struct, frozen=True, array_like=True):
    client: str
    response: Response
    until: float
    reason: str
    by: str
    at: float
    model: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_VALUES = msgspec.msgpack.Decoder(_Value)
_RULINGS = msgspec.msgpack.Decoder(list[_Ruling])


def pack(epoch: int, sums: Mapping[str, Array]) -> bytes:
    """Sums beyond ``GREATEST`` are posted as that."""
    clipped = {name: np.clip(array, -GREATEST, GREATEST).astype("<f4").tobytes() for name, array in sums.items()}
    return _ENCODER.encode(_Value(epoch, clipped))


def unpack(data: bytes) -> tuple[int, dict[str, Array]]:
    """Epoch and sums, float32. Raises ``RefusedError``."""
    if len(data) > LARGEST_VALUE:
        raise RefusedError(f"A value has {len(data)} bytes.")
    try:
        value = _VALUES.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"A value cannot be read: {error}.") from None
    if value.epoch < 0 or len(value.sums) > MOST_DETECTORS:
        raise RefusedError("A value has no epoch, or too many detectors.")
    sums: dict[str, Array] = {}
    for name, content in value.sums.items():
        if len(content) % 4:
            raise RefusedError("A sum is cut off.")
        array = np.frombuffer(content, "<f4").astype(np.float32)
        if len(array) and not np.abs(array).max() <= GREATEST:  # NaN is refused, too
            raise RefusedError("A sum is not finite, or too great.")
        sums[name] = array
    return value.epoch, sums


def pack_rulings(rulings: Sequence[Ruling]) -> bytes:
    """The latest ``MOST_RULINGS``."""
    latest = sorted(rulings, key=lambda one: one.at)[-MOST_RULINGS:]
    packed = [_Ruling(r.client, r.response, r.until, r.reason, r.by, r.at, r.model) for r in latest]
    try:
        return _ENCODER.encode(packed)
    except UnicodeEncodeError:  # unpaired surrogates, which are no Unicode text
        return _ENCODER.encode([one for one in packed if _encodable(one)])


def unpack_rulings(data: bytes) -> list[Ruling]:
    """Raises ``RefusedError``."""
    if len(data) > LARGEST_RULINGS:
        raise RefusedError("There are too many rulings.")
    try:
        found = _RULINGS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"Rulings cannot be read: {error}.") from None
    if len(found) > MOST_RULINGS:
        raise RefusedError("There are too many rulings.")
    for one in found:
        words = (one.client, one.reason, one.by, one.model)
        if not one.client or max(map(len, words)) > 512 or not math.isfinite(one.at) or math.isnan(one.until):
            raise RefusedError("A ruling says nobody, too much, or no time.")
    return [Ruling(r.client, r.response, r.until, r.reason, r.by, r.at, r.model) for r in found]


def sealed(secret: bytes, data: bytes, *about: str) -> bytes:
    """``data``, with a tag that only who has the secret can make (no secret: as it is)."""
    return data + _tag(secret, data, about) if secret else data


def unsealed(secret: bytes, data: bytes, *about: str) -> bytes:
    """What ``sealed`` was given. Raises ``RefusedError`` where it was not made with this secret and about this."""
    if not secret:
        return data
    content, tag = data[:-_TAG], data[-_TAG:]
    if len(tag) < _TAG or not hmac.compare_digest(tag, _tag(secret, content, about)):
        raise RefusedError("A value was not made with the secret of this guard.")
    return content


def _tag(secret: bytes, data: bytes, about: Sequence[str]) -> bytes:
    digest = hashlib.blake2b(
        digest_size=_TAG, key=hashlib.blake2b(secret, digest_size=32, person=b"violet-sharing").digest()
    )
    for part in (*(word.encode("utf-8", "surrogatepass") for word in about), data):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _encodable(ruling: _Ruling) -> bool:
    try:
        _ENCODER.encode(ruling)
    except UnicodeEncodeError:
        return False
    return True
