"""Profiles add up, however data are cut; they keep what they are asked to in bounded memory."""

from __future__ import annotations

import tracemalloc
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.drift.columns import chunk, ugly
from violet.detectors.profile.chunk import Chunk, Coded, joined, position_hash
from violet.detectors.profile.heavy import HeavyHitters
from violet.detectors.profile.joint import coarse_codes
from violet.detectors.profile.kernel import LEAST, MISSING, MOST, SQUARES, TOTAL
from violet.detectors.profile.layout import Layout, fit_layout, number_layout
from violet.detectors.profile.profile import PARTS, Profile, answers_of, number_columns
from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ROWS = 800


@cache
def frozen() -> tuple[Layout, Chunk]:
    return fit_layout(chunk(2000, 0), seed=5), chunk(ROWS, 1, moved=True)


def of(part: Chunk, **options: Any) -> Profile:
    profile = Profile(frozen()[0], rate=0.5, **options)
    profile.add(part)
    return profile.finish()


def same(a: Profile, b: Profile) -> None:
    """Counts exactly, sums of floating point up to their rounding."""
    assert a.rows == b.rows
    assert (a.first, a.last) == (b.first, b.last)
    for name in ("counts", "words", "word_missing", "characters", "grams", "present"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    for one, other in zip(a.rest, b.rest, strict=True):
        assert one.rows == other.rows
        short = max(one.short, other.short)
        assert all(abs(one.counts.get(w, 0) - other.counts.get(w, 0)) <= short for w in {*one.counts, *other.counts})
    np.testing.assert_array_equal(a.joint.segments, b.joint.segments)
    np.testing.assert_array_equal(a.coarse(), b.coarse())
    assert a.joint.rows == b.joint.rows
    for name in ("answers", "known", "right"):
        np.testing.assert_array_equal(getattr(a.outputs, name), getattr(b.outputs, name))
    for summed, once in (
        (a.sums, b.sums),
        (a.moments, b.moments),
        (a.joint.features, b.joint.features),
        (a.joint.products, b.joint.products),
        (a.outputs.confidence, b.outputs.confidence),
    ):
        largest = float(np.abs(once[np.isfinite(once)]).max())
        np.testing.assert_allclose(summed, once, rtol=1e-4, atol=1e-4 * max(1.0, largest))


@given(cut=st.integers(0, ROWS))
@settings(max_examples=8)
def test_two_parts_add_up_to_the_whole(cut: int) -> None:
    whole = frozen()[1]
    same(of(whole.part(0, cut)) + of(whole.part(cut, ROWS)), of(whole))


@given(cuts=st.lists(st.integers(0, ROWS), max_size=12))
@settings(max_examples=8)
def test_how_a_stream_is_cut_into_chunks_makes_no_difference(cuts: list[int]) -> None:
    whole = frozen()[1]
    profile = Profile(frozen()[0], rate=0.5, window=200)
    places = [0, *sorted(cuts), ROWS]
    for begin, end in pairwise(places):
        profile.add(whole.part(begin, end))
    at_once = of(whole, window=200)
    same(profile.finish(), at_once)
    assert [part.rows for part in profile.parts] == [part.rows for part in at_once.parts]
    for one, other in zip(profile.parts, at_once.parts, strict=True):
        np.testing.assert_array_equal(one.coarse, other.coarse)


@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=60), seed=st.integers(0, 9))
def test_every_value_is_counted_once_where_it_belongs(values: list[float], seed: int) -> None:
    """Whatever numbers the reference was made of, and whatever comes later."""
    rng = np.random.default_rng(seed)
    later = np.array(values)
    with np.errstate(all="ignore"):
        reference = rng.choice(later, 40) * rng.choice([1.0, 0.5, 3.0], 40)
    column = number_layout("x", reference)
    assert (np.diff(column.edges) > 0).all()
    profile = Profile(Layout((column,)), rate=0)
    with np.errstate(all="ignore"):
        profile.add(Chunk(len(later), numbers={"x": later}))
    known = later[~np.isnan(later)]
    expected = np.bincount(np.searchsorted(column.edges, known, "right"), minlength=column.bins)
    np.testing.assert_array_equal(profile.counts, expected)
    assert profile.moments[0, MISSING] == np.isnan(later).sum()


def test_moments_are_those_of_finite_values() -> None:
    columns = ugly(5000, 3)
    layout = fit_layout(Chunk(5000, numbers=columns), joint=False)
    profile = Profile(layout, rate=0)
    profile.add(Chunk(5000, numbers=columns))
    for place, column in enumerate(layout.numbers):
        x = columns[column.name]
        x = x[np.isfinite(x)]
        moments = profile.moments[place]
        assert moments[LEAST] == x.min()
        assert moments[MOST] == x.max()
        assert column.center + moments[TOTAL] / len(x) == pytest.approx(x.mean(), rel=1e-9, abs=1e-9)
        mean = moments[TOTAL] / len(x)
        assert moments[SQUARES] / len(x) - mean**2 == pytest.approx(x.var(), rel=1e-6, abs=1e-12)


def test_no_bin_but_a_point_mass_holds_much() -> None:
    columns = ugly(20_000, 4)
    layout = fit_layout(Chunk(20_000, numbers=columns), joint=False)
    profile = Profile(layout, rate=0)
    profile.add(Chunk(20_000, numbers=columns))
    for place, column in enumerate(layout.numbers):
        counts = profile.counted(place).counts.copy()
        counts[column.atoms + 1] = 0
        finite = np.isfinite(columns[column.name]).sum()
        assert counts[1:-1].max() <= 0.006 * finite, column.name


def test_values_of_sampled_rows_are_where_counts_have_them() -> None:
    """The coarse place of every value, one by one, against counts of the same rows in sorted blocks."""
    layout, whole = frozen()
    codes = coarse_codes(whole, layout, number_columns(whole, layout))
    width = int(layout.coarse_offsets[-1])
    np.testing.assert_array_equal(np.bincount(codes.ravel(), minlength=width), of(whole).coarse())


def test_windows_by_time_hold_the_rows_of_their_time_in_any_order() -> None:
    rng = np.random.default_rng(0)
    at = rng.permutation(np.repeat(np.arange(5) * 86_400.0, 300) + rng.random(1500) * 86_000)
    x = np.floor(at / 86_400)
    layout = fit_layout(Chunk(1500, numbers={"x": x}), joint=False)
    profile = Profile(layout, rate=0, span=86_400.0)
    for begin in range(0, 1500, 400):
        profile.add(Chunk(1500, numbers={"x": x}, at=at).part(begin, begin + 400))
    parts = profile.finish().parts
    assert [part.rows for part in parts] == [300] * 5
    assert all(int(part.start // 86_400) == place for place, part in enumerate(parts))
    assert all((part.coarse > 0).sum() == 1 for part in parts)


def test_there_are_never_more_windows_than_fit() -> None:
    x = np.arange(PARTS * 12, dtype=np.float64)
    layout = fit_layout(Chunk(len(x), numbers={"x": x}), joint=False)
    profile = Profile(layout, rate=0, window=5)
    profile.add(Chunk(len(x), numbers={"x": x}))
    assert len(profile.finish().parts) <= PARTS
    assert sum(part.rows for part in profile.parts) == len(x)
    timed = Profile(layout, rate=0, span=1.0)
    timed.add(Chunk(len(x), numbers={"x": x}, at=x * 10))
    assert len(timed.finish().parts) <= PARTS
    assert sum(part.rows for part in timed.parts) == len(x)


def test_counting_takes_no_more_memory_the_longer_it_goes_on() -> None:
    layout = frozen()[0]
    profile = Profile(layout, rate=0.1, window=1000)

    def grow(times: int, seed: int) -> int:
        for turn in range(times):
            profile.add(chunk(1000, seed + turn, first=profile.rows))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = grow(3, 0)
        late = grow(12, 100)
    finally:
        tracemalloc.stop()
    per_window = int(layout.coarse_offsets[-1]) * 8
    assert late - early < 12 * per_window * 3 + 300_000


def test_profiles_of_other_bins_do_not_add_up() -> None:
    other = fit_layout(chunk(2000, 9), seed=5)
    with pytest.raises(ValueError, match="do not add up"):
        of(frozen()[1]) + Profile(other)


def test_there_has_to_be_something_to_profile() -> None:
    with pytest.raises(UsageError, match="nothing to profile"):
        fit_layout(Chunk(0))
    with pytest.raises(UsageError, match="no column 'nope'"):
        fit_layout(chunk(300, 0), segments=("nope",))


def test_one_score_is_the_probability_of_the_second_class() -> None:
    layout = Layout((), classes=("no", "yes"))
    part = Chunk(3, scores=np.array([[0.9], [0.2], [np.nan]]), truth=Coded(("yes", "no", "other"), np.array([0, 0, 2])))
    said = answers_of(part, layout)
    assert said is not None
    predicted, confidence, truth = said
    assert predicted[:2].tolist() == [1, 0]
    assert confidence[:2] == pytest.approx([0.9, 0.8])
    assert np.isnan(confidence[2])
    assert truth[:2].tolist() == [1, 1]
    assert truth[2] not in (-1, 0, 1), "a class nobody knew of is never predicted right"


def test_classes_are_in_the_order_in_which_models_give_scores() -> None:
    truth = Coded(("10", "9", "2"), np.array([0, 0, 0, 1, 1, 2] * 20))
    layout = fit_layout(Chunk(120, numbers={"x": np.arange(120.0)}, truth=truth), joint=False)
    assert layout.classes == ("2", "9", "10")


@given(
    counts=st.lists(st.dictionaries(st.sampled_from([f"w{k}" for k in range(30)]), st.integers(1, 50)), max_size=12),
    split=st.integers(0, 12),
)
def test_frequent_words_are_short_of_no_more_than_is_said(counts: list[dict[str, int]], split: int) -> None:
    """Misra and Gries, added up from two parts."""
    true: dict[str, int] = {}
    halves = [HeavyHitters(capacity=8), HeavyHitters(capacity=8)]
    for place, part in enumerate(counts):
        halves[place >= split] = halves[place >= split].add(part)
        for word, count in part.items():
            true[word] = true.get(word, 0) + count
    whole = halves[0] + halves[1]
    assert whole.rows == sum(true.values())
    assert len(whole.counts) <= 8
    assert whole.short <= whole.rows / 9
    for word, count in true.items():
        found = whole.counts.get(word, 0)
        assert found <= count <= found + whole.short
    assert set(whole.counts) <= set(true)


def test_rows_are_sampled_by_where_they_stand_alone() -> None:
    whole = position_hash(0, 1000, 3)
    cut = np.concatenate([position_hash(0, 300, 3), position_hash(300, 700, 3)])
    np.testing.assert_array_equal(whole, cut)
    assert abs(whole.mean() - 0.5) < 0.05
    assert abs(np.corrcoef(whole[:-1], whole[1:])[0, 1]) < 0.1


def test_chunks_join_with_their_words() -> None:
    a = Chunk(2, words={"w": Coded(("a", "b"), np.array([0, -1]))}, texts={"t": ["x", None]})
    b = Chunk(2, words={"w": Coded(("b", "c"), np.array([0, 1]))}, texts={"t": ["y", "z"]})
    both = joined([a, b])
    assert both.words["w"].values() == ["a", None, "b", "c"]
    assert list(both.texts["t"]) == ["x", None, "y", "z"]


def test_pictures_and_columns_keep_their_shape_and_order(tmp_path: Path) -> None:
    """What a guard reads from a request has to fit: pictures by their cells, columns in the order of the data."""
    from violet.detectors.profile.file import load_profile
    from violet.services.drifting.options import ProfileOptions
    from violet.services.drifting.profile import make_profile

    drawn = np.random.default_rng(0)
    np.savez(tmp_path / "pictures.npz", x=drawn.random((80, 32, 24)).astype(np.float32))
    make_profile(ProfileOptions((str(tmp_path / "pictures.npz"),), str(tmp_path / "p.profile")))
    profile, _ = load_profile(str(tmp_path / "p.profile"))
    reference = profile.layout.reference
    assert reference is not None
    assert (reference.shape, reference.columns, reference.width) == ((32, 24), 768, 64)
    assert reference.encode(reference.raw(drawn.random((2, 768)))).shape == (2, 64)
    assert profile.joint.rows == 80
    lines = ["kind,amount,flag", *(f"{'ab'[n % 2]},{n},{n % 3}" for n in range(80))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    make_profile(ProfileOptions((str(tmp_path / "rows.csv"),), str(tmp_path / "r.profile")))
    mixed = load_profile(str(tmp_path / "r.profile"))[0].layout.reference
    assert mixed is not None
    assert mixed.names == ("kind", "amount", "flag")
    assert mixed.categories == (("a", "b"), (), ())
