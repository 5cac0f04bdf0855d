"""Adversarial examples that a test has found, when they come back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.inputs.test_squeezing import adversarial
from tests.detectors.inputs.trojans import batch_of, digits, setup
from tests.detectors.streams import feed
from tests.traffic.tables import table_world
from violet.detectors.base import Detector, detectors
from violet.detectors.inputs.known_campaign import (
    Campaign,
    fingerprints,
    from_adversarial,
    read_campaign,
    write_campaign,
)
from violet.detectors.reference import fit_reference
from violet.domain.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]

NAME = "inputs/known_campaign"
LIMIT = detectors()[NAME].facts.threshold


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Made of what ``violet test --save-adversarial`` writes."""
    bad, good = adversarial()
    saved = tmp_path / "examples.npz"
    np.savez(saved, original=good, adversarial=bad, labels=np.zeros(len(bad), int))
    path = str(tmp_path / "campaign.npz")
    write_campaign(path, from_adversarial(str(saved), digits().reference))
    return path


def built(file: str) -> Detector:
    return detectors()[NAME].build(setup(digits(), file=file))


def highest(file: str, rows: Array) -> float:
    batch = batch_of(digits(), rows, np.zeros(len(rows)))
    return float(np.nanmax(feed(built(file), batch, range(8, len(rows), 8)).value, initial=0.0))


def test_examples_that_come_back_are_known(file: str) -> None:
    bad, _ = adversarial()
    rows = digits().benign[100:160].astype(float)
    rows[20:60:4] = bad[:10]
    batch = batch_of(digits(), rows, np.zeros(60))
    first = feed(built(file), batch, range(8, 60, 8)).first(LIMIT)
    assert 20 < first <= 40
    scores = built(file).observe(batch)
    said = scores.explain(int(np.argmax(scores.value)))
    assert "examples.npz" in said.summary
    assert said.queries


def test_so_are_near_ones(file: str) -> None:
    """Rounded, stored as other numbers, moved a little."""
    bad, _ = adversarial()
    rng = np.random.default_rng(0)
    assert highest(file, bad.astype(np.float32).astype(float)) >= LIMIT
    assert highest(file, bad + rng.normal(0, 0.05, bad.shape)) >= LIMIT


def test_originals_and_other_pictures_are_not(file: str) -> None:
    _, good = adversarial()
    assert highest(file, good.astype(float)) == 0
    assert highest(file, digits().benign[60:].astype(float)) < LIMIT


def test_examples_too_near_to_benign_rows_are_left_out() -> None:
    """Their hashes are benign ones as well: who asks for the original is no attacker."""
    _, good = adversarial()
    moved = good + 1e-4
    assert fingerprints(moved, good, digits().reference).usable == 0
    assert fingerprints(*adversarial(), digits().reference).usable > 0


def test_one_row_is_no_campaign(file: str) -> None:
    bad, _ = adversarial()
    assert highest(file, np.repeat(bad[:1], 30, axis=0)) < LIMIT


def test_the_file_has_hashes_only(file: str) -> None:
    bad, _ = adversarial()
    with np.load(file) as held:
        assert set(held) == {"violet_campaign", "name", "reference", "width", "seed", "hashes"}
        assert held["hashes"].shape == (len(bad), 16)
    assert read_campaign(file, digits().reference).usable > 0.8 * len(bad)


def test_without_a_file_nothing_is_said() -> None:
    scores = detectors()[NAME].build(setup(digits())).observe(batch_of(digits(), digits().benign[:9], np.zeros(9)))
    assert len(scores.rows) == 0


def test_another_profile_is_told(file: str) -> None:
    with pytest.raises(ConfigurationError, match="another profile"):
        read_campaign(file, fit_reference(digits().benign[:200], shape=(8, 8)))


def spoil(path: Path, **changes: Any) -> str:
    bad, good = adversarial()
    held: dict[str, Any] = {}
    write_campaign(str(path), fingerprints(bad, good, digits().reference))
    with np.load(path) as file:
        held = {name: file[name] for name in file}
    held |= changes
    with open(path, "wb") as out:
        np.savez(out, **{name: value for name, value in held.items() if value is not None})
    return str(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"hashes": None},
        {"hashes": np.zeros((3, 16))},
        {"hashes": np.zeros((3, 2), np.uint64)},
        {"hashes": np.zeros((0, 16), np.uint64)},
        {"hashes": np.array([object()], dtype=object)},
        {"width": np.float64("nan")},
        {"width": np.array([1.0, 2.0])},
        {"violet_campaign": np.int64(9)},
        {"seed": np.int64(-1)},
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        read_campaign(spoil(tmp_path / "c.npz", **changes), digits().reference)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"nonsense" * 50])
def test_so_is_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        read_campaign(str(path), digits().reference)
    with pytest.raises(UsageError):
        from_adversarial(str(path), digits().reference)


def hollow() -> bytes:
    """Arrays that claim a petabyte each, and hold nothing."""
    head, target = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 47,)})
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("adversarial", "original", "violet_campaign", "hashes"):
            archive.writestr(f"{name}.npy", head.getvalue())
    return target.getvalue()


def torn() -> bytes:
    """Arrays whose compressed bytes were changed."""
    target = io.BytesIO()
    arrays = {name: np.arange(999.0) for name in ("adversarial", "original", "violet_campaign", "hashes")}
    np.savez_compressed(target, **arrays)
    content = bytearray(target.getvalue())
    with zipfile.ZipFile(target) as archive:
        for member in archive.infolist():
            begin = member.header_offset + 30 + len(member.filename) + 20
            content[begin : begin + 200] = b"\xff" * 200
    return bytes(content)


def array() -> bytes:
    target = io.BytesIO()
    np.save(target, np.zeros((3, 64)))
    return target.getvalue()


@pytest.mark.parametrize("made", [hollow, torn, array])
def test_so_is_what_claims_too_much_or_is_damaged(tmp_path: Path, made: Callable[[], bytes]) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(made())
    with pytest.raises(ConfigurationError):
        read_campaign(str(path), digits().reference)
    with pytest.raises(UsageError):
        from_adversarial(str(path), digits().reference)


def test_examples_that_unpack_to_more_than_a_test_saves_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "examples.npz"
    np.savez_compressed(path, adversarial=np.zeros((2000, 64)), original=np.zeros((2000, 64)))
    monkeypatch.setattr("violet.detectors.inputs._campaign.LARGEST", 1 << 12)
    assert path.stat().st_size < 1 << 16
    with pytest.raises(UsageError, match="too large"):
        from_adversarial(str(path), digits().reference)


def test_examples_that_do_not_fit_are_refused() -> None:
    bad, good = adversarial()
    with pytest.raises(UsageError, match="64 values"):
        fingerprints(bad, good, table_world().reference)
    with pytest.raises(UsageError, match="As many originals"):
        fingerprints(bad, good[:-1], digits().reference)
    words = fit_reference([(float(number), "ab"[number % 2]) for number in range(100)])
    with pytest.raises(UsageError, match="words"):
        fingerprints(np.zeros((3, 2)), np.zeros((3, 2)), words)


def test_a_crowd_with_the_same_hashes_costs_no_more() -> None:
    bad, good = adversarial()
    many = fingerprints(np.repeat(bad[:1], 5000, axis=0), np.repeat(good[:1], 5000, axis=0), digits().reference)
    assert isinstance(many, Campaign)
    from violet.detectors.inputs._campaign import Known

    shared, which = Known(many, digits().reference).shared(digits().reference.encode(bad[:1]))
    assert shared[0] >= 4
    assert 0 <= which[0] < 5000
