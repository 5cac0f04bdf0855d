"""One record: an exchange, and the raw bodies where they are kept. MessagePack, by field names, so that later versions
of Violet can add fields."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from violet.domain.traffic import Exchange
from violet.runtime.plain_values import scalar, valid


class Record(msgspec.Struct, frozen=True, array_like=True):
    exchange: Exchange
    request: bytes = b""
    response: bytes = b""


_ENCODER = msgspec.msgpack.Encoder(enc_hook=scalar)
_DECODER = msgspec.msgpack.Decoder(Record)


def encode(exchange: Exchange, request: bytes = b"", response: bytes = b"") -> bytes:
    record = Record(exchange, request, response)
    try:
        return _ENCODER.encode(record)
    except UnicodeEncodeError:  # unpaired surrogates, which are no Unicode text
        return _ENCODER.encode(valid(msgspec.to_builtins(record, builtin_types=(bytes,), enc_hook=scalar)))


def decode(payload: bytes) -> Record:
    """Raises ``ValueError`` for what is no record."""
    try:
        return _DECODER.decode(payload)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


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
