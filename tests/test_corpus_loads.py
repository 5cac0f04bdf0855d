"""The benign corpus is real: every sample builds, and the libraries load those that name a loader, harmlessly."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus.firing import LOADERS, fire
from tests.corpus.sample import benign

BATCHES = 3
ALL = tuple(sample for sample in benign() if sample.available())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="samples are loaded in forked children")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_benign_samples_load(batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    samples = [sample for sample in ALL if sample.loader][batch::BATCHES]
    shots = fire(samples, tmp_path)
    assert {s.name: shots[s.name].ending for s in samples if shots[s.name].ending != "returned"} == {}
    assert [s.name for s in samples if shots[s.name].fired] == []


@pytest.mark.parametrize("batch", range(BATCHES))
def test_benign_samples_build(batch: int, tmp_path: Path) -> None:
    for number, sample in enumerate([sample for sample in ALL if not sample.loader][batch::BATCHES]):
        directory = tmp_path / str(number)
        directory.mkdir()
        path = sample.build(directory)
        assert path.exists(), sample.name
        assert path.is_relative_to(directory), sample.name


def test_benign_samples_are_well_described() -> None:
    everything = benign()
    assert len(everything) >= 150
    for sample in everything:
        assert not sample.malicious
        assert not sample.fires
        assert sample.technique.startswith("benign/")
        assert sample.loader in {"", *LOADERS}
    assert min(Counter(sample.technique for sample in everything).values()) >= 1
