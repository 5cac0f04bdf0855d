"""A profile of a small benign population."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from violet.services.drifting.options import ProfileOptions, Roles
from violet.services.drifting.profile import make_profile


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three normal columns and the model's probability of the second class."""
    made = tmp_path_factory.mktemp("profile")
    rows = np.random.default_rng(0).normal(size=(600, 3))
    chance = 1 / (1 + np.exp(-rows.sum(axis=1)))
    lines = ["a,b,c,p", *(f"{a:.6f},{b:.6f},{c:.6f},{p:.6f}" for (a, b, c), p in zip(rows, chance, strict=True))]
    (made / "benign.csv").write_text("\n".join(lines) + "\n")
    output = str(made / "m.profile")
    make_profile(ProfileOptions((str(made / "benign.csv"),), output, Roles(scores=("p",))))
    assert Path(output).stat().st_size > 1000
    return output
