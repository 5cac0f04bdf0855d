"""Keras configurations that open files or addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.examples import outcomes
from tests.formats import keras_archives as keras
from violet.domain import Severity

RULE = "artifact/keras-file-access"


def positive(directory: Path) -> Path:
    layer = keras.layer("StringLookup", {"name": "s", "vocabulary": "/etc/passwd"})
    return keras.archive(directory / "model.keras", keras.sequential(layer))


def benign(directory: Path) -> Path:
    words = ["/etc/passwd", "http://example.org/", "../up", "[UNK]"]
    layers = [
        keras.layer("StringLookup", {"name": "s", "vocabulary": words}),
        keras.layer("TextVectorization", {"name": "t", "vocabulary": None, "standardize": "lower"}),
        keras.layer("Dense", {"name": "a/b", "units": 1}),
    ]
    return keras.archive(directory / "model.keras", keras.sequential(*layers))


@pytest.mark.parametrize(
    ("name", "config", "expected"),
    [
        ("TextVectorization", {"vocabulary": "http://169.254.169.254/latest"}, [Severity.HIGH]),
        ("IntegerLookup", {"vocabulary": "gs://bucket/secret"}, [Severity.HIGH]),
        ("StringLookup", {"vocabulary": "..\\..\\secret"}, [Severity.HIGH]),
        ("StringLookup", {"vocabulary": "~/.aws/credentials"}, [Severity.HIGH]),
        ("StringLookup", {"vocabulary": "words.txt"}, [Severity.MEDIUM]),
        ("PARSeqTokenizer", {"vocabulary": "/etc/passwd"}, [Severity.HIGH]),
        ("SentencePieceTokenizer", {"proto": "/etc/passwd"}, [Severity.HIGH]),
        ("SentencePieceTokenizer", {"proto": "CgUKAWEQAQ=="}, []),
        ("TFSMLayer", {"filepath": "./model"}, [Severity.HIGH]),
        ("KerasLayer", {"handle": "https://tfhub.dev/x/1"}, [Severity.MEDIUM]),
        ("Dense", {"name": "..", "units": 1}, [Severity.HIGH]),
    ],
)
def test_severities(tmp_path: Path, name: str, config: dict[str, object], expected: list[Severity]) -> None:
    path = keras.archive(tmp_path / "m.keras", keras.sequential(keras.layer(name, config)))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == expected
