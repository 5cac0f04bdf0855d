"""Fuzz entry: no bytes are a token, or a set of keys that cannot be used."""

from __future__ import annotations

import contextlib

from violet.provenance.keys import KeyFileError
from violet.provenance.tokens import (
    TokenError,
    TokenRules,
    key_set,
    shared_secret,
    unverified_claims_that_anybody_could_write,
    verify,
)

RULES = TokenRules((shared_secret(bytes(range(64))),))


def fuzz_one(data: bytes) -> None:
    text = data.decode("latin-1")
    with contextlib.suppress(TokenError):
        unverified_claims_that_anybody_could_write(text)
    with contextlib.suppress(TokenError):
        verify(text, RULES, 1.8e9)
        raise AssertionError("somebody guessed a signature")
    with contextlib.suppress(KeyFileError):
        key_set(data, "keys.json")
