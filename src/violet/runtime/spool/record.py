"""One record: an exchange, and the raw bodies where they are kept. MessagePack, by field names, so that later versions
of Violet can add fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from violet.domain.traffic import Exchange


class Record(msgspec.Struct, frozen=True, array_like=True):
    exchange: Exchange
    request: bytes = b""
    response: bytes = b""


def _plain(value: Any) -> Any:
    """Scalars of numpy, which rows may hold."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} does not belong into an exchange")
    return item()


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
_DECODER = msgspec.msgpack.Decoder(Record)


def encode(exchange: Exchange, request: bytes = b"", response: bytes = b"") -> bytes:
    record = Record(exchange, request, response)
    try:
        return _ENCODER.encode(record)
    except UnicodeEncodeError:  # unpaired surrogates, which are no Unicode text
        return _ENCODER.encode(_valid(msgspec.to_builtins(record, builtin_types=(bytes,), enc_hook=_plain)))


def decode(payload: bytes) -> Record:
    """Raises ``ValueError`` for what is no record."""
    try:
        return _DECODER.decode(payload)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_valid(name): _valid(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(inner) for inner in value]
    return value


def without_content(exchange: Exchange) -> Exchange:
    """What remains of an exchange that is too large to keep: who, when, and how much."""
    return replace(
        exchange,
        rows=(),
        names=(),
        texts=(),
        scores=(),
        labels=(),
        answers=(),
        reasons=tuple(reason[:200] for reason in exchange.reasons[:20]),
        extra={"cut": "content"},
        id=exchange.id[:200],
        client=exchange.client[:500],
        model=exchange.model[:200],
        protocol=exchange.protocol[:50],
        address=exchange.address[:100],
    )
