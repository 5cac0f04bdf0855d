"""Fuzz entry: every protocol reads any request and any answer, or says that it cannot."""

from __future__ import annotations

from tests.runtime.wire.test_hostile import TEMPLATE, ask_all

from violet.runtime.wire.base import Question
from violet.runtime.wire.known import NAMES, wires

WIRES = wires(NAMES, [TEMPLATE])
HEADERS = (
    {"content-type": "application/json"},
    {"content-type": "text/csv"},
    {"content-type": "application/octet-stream", "inference-header-content-length": "120"},
)
QUESTIONS = (Question("m", [[1.0, 2.0]]), Question("m", [[1.0]] * 3), Question("m", texts=("a",), stream=True))


def fuzz_one(data: bytes) -> None:
    for wire in WIRES:
        for headers in HEADERS:
            for question in QUESTIONS:
                ask_all(wire, headers, data, question)
