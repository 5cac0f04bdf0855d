"""The malicious corpus is real: every sample that claims to fire runs its payload when a victim loads it.

Samples are loaded in fresh interpreters, one forked child each (`corpus/firing.py`); the payloads only create
a marker file or delete a file made for the purpose.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus.firing import LOADERS, Shot, fire
from tests.corpus.sample import Sample, malicious

BATCHES = 2
ALL = malicious()
FIRING = tuple(sample for sample in ALL if sample.fires)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="samples are loaded in forked children")


def _failures(samples: tuple[Sample, ...], shots: dict[str, Shot]) -> list[str]:
    return [f"{s.name}: {shots[s.name].ending}" for s in samples if not shots[s.name].fired]


@needs_fork
@pytest.mark.parametrize("batch", range(BATCHES))
def test_samples_fire(batch: int, tmp_path: Path) -> None:
    samples = tuple(sample for sample in FIRING[batch::BATCHES] if sample.available())
    assert _failures(samples, fire(samples, tmp_path)) == []


@needs_fork
@pytest.mark.torch
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_samples_fire(tmp_path: Path) -> None:
    samples = tuple(s for s in ALL if s.loader.startswith("torch") and s.available())
    assert _failures(samples, fire(samples, tmp_path)) == []


@needs_fork
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="Keras needs a backend, here torch")
def test_keras_samples_fire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    samples = tuple(s for s in ALL if s.loader == "keras" and s.available())
    assert _failures(samples, fire(samples, tmp_path)) == []


@needs_fork
def test_a_harmless_file_does_not_fire(tmp_path: Path) -> None:
    """The marker is evidence: without a payload there is none."""

    def build(directory: Path) -> Path:
        path = directory / "model.pkl"
        path.write_bytes(b"\x80\x04\x8c\x07weights\x94.")
        return path

    sample = Sample("model.pkl", "none", malicious=False, fires=False, build=build, loader="pickle")
    assert fire([sample], tmp_path)["model.pkl"] == Shot("model.pkl", fired=False, ending="returned")


def test_every_sample_builds_what_it_names(tmp_path: Path) -> None:
    for number, sample in enumerate(ALL):
        if sample.available():
            directory = tmp_path / str(number)
            directory.mkdir()
            path = sample.build(directory)
            assert path.exists(), sample.name
            assert path.is_relative_to(directory), sample.name


def test_firing_samples_name_a_loader() -> None:
    assert [s.name for s in FIRING if s.loader not in LOADERS] == []
    assert all(s.malicious for s in ALL)


def test_corpus_size_and_one_sample_for_each_technique() -> None:
    repeated = [technique for technique, count in Counter(s.technique for s in ALL).items() if count > 1]
    assert repeated == []
    assert len(ALL) >= 150
    assert len(FIRING) >= 120


def test_most_of_the_corpus_is_available() -> None:
    """On the oldest supported Python every firing sample runs that does not need torch; later ones lack some
    standard modules. What setuptools has removed is there or not, as other packages will have it."""
    absent = [
        s.name
        for s in FIRING
        if not s.available() and not set(s.needs) & {"torch", "setuptools.sandbox", "pkg_resources"}
    ]
    assert len(absent) <= (0 if sys.version_info < (3, 12) else 20)
