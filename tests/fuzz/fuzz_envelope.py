"""Fuzz entry: an envelope, a statement and each predicate are read, or refused with their own error."""

from __future__ import annotations

import contextlib

from violet.domain.provenance import Refusal, Statement
from violet.provenance.evidence import Read, open_stored
from violet.provenance.predicates.words import in_words
from violet.provenance.statement import PREDICATES, StatementError, binding_of, decode
from violet.provenance.stores import Stored


def fuzz_one(data: bytes) -> None:
    assert isinstance(open_stored(Stored("x.dsse.json", data)), Read | Refusal)
    with contextlib.suppress(StatementError):
        statement = decode(data)
        for uri in PREDICATES.values():
            assert in_words(Statement(statement.subjects, uri, statement.predicate))
        binding_of(statement.subjects[0], statement)
