"""What the shared base gives is what ``dataclass`` would have made."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from violet.domain import Asset, Digest, Location, Skipped
from violet.domain.value import Value


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    line: int | None = None


def test_text_is_that_of_a_dataclass() -> None:
    assert repr(Digest("sha256", "ab")) == "Digest(algorithm='sha256', value='ab')"
    assert repr(Place("a", 1)) == "Place(path='a', line=1)"
    assert repr(Skipped(Location("a"), "why")) == (
        "Skipped(location=Location(path='a', offset=None, line=None), reason='why', what='')"
    )


def test_equality_and_hash_go_by_the_fields_and_the_class() -> None:
    asset = Asset("a", "pickle", 3, Digest("sha256", "ab"))
    same = Asset("a", "pickle", 3, Digest("sha256", "ab"))
    assert asset == same
    assert hash(asset) == hash(same)
    assert len({asset, same, replace(same, size=4)}) == 2
    assert asset != replace(same, digest=None)
    assert Location("a") != Place("a")
    assert Location("a") != "a"


def test_it_stays_frozen_and_small() -> None:
    location = Location("a")
    with pytest.raises(FrozenInstanceError):
        location.path = "b"  # type: ignore[misc]
    assert isinstance(location, Value)
    assert not hasattr(location, "__dict__")
