"""A model of credit risk with its data: what an applicant states can be changed, what a register says cannot.

Both kinds of feature tell of the risk, so an ordinary fit uses both; whoever writes the application can then write the
answer. The data are made up.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ROWS = 2400
HELD_OUT = 800
NAMES = (
    "age",
    "past_defaults",
    "months_employed",
    "income",
    "debt",
    "ratio",
    "open_accounts",
    "total_accounts",
    "purpose",
)
PURPOSES = ("car", "house", "study", "travel")
SCHEMA = """label = "default"
constraints = [
  "open_accounts <= total_accounts",
  { text = "ratio == debt / income", tolerance = 0.001 },
]

[features.age]                  # from the register of residents
type = "integer"
range = [18, 90]
immutable = true

[features.past_defaults]        # from the credit bureau
type = "integer"
range = [0, 8]
immutable = true

[features.months_employed]      # from the social insurance
type = "integer"
range = [0, 480]
immutable = true

[features.income]               # stated, in thousands a year
range = [8, 200]
step = 0.1

[features.debt]                 # stated, in thousands
range = [0, 300]
step = 0.1

[features.ratio]
range = [0, 40]

[features.open_accounts]        # stated
type = "integer"
range = [0, 20]

[features.total_accounts]       # stated
type = "integer"
range = [0, 40]

[features.purpose]              # stated
values = ["car", "house", "study", "travel"]
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """Paths of what was built."""

    model: str
    train: str
    holdout: str
    schema: str


def build_credit(directory: str, seed: int) -> Credit:
    """Write the data and a forest trained on them (skops) into ``directory``. Raises ``MissingExtraError``."""
    try:
        from sklearn.ensemble import RandomForestClassifier
        from skops.io import dump
    except ImportError as error:
        raise MissingExtraError("The demonstration", "demo") from error
    os.makedirs(directory, exist_ok=True)
    made = Credit(*(os.path.join(directory, n) for n in ("risk.skops", "train.csv", "holdout.csv", "credit.toml")))
    x, y = applications(seed)
    _write(made.train, x[HELD_OUT:], y[HELD_OUT:])
    _write(made.holdout, x[:HELD_OUT], y[:HELD_OUT])
    with open(made.schema, "w", encoding="utf-8") as file:
        file.write(SCHEMA)
    forest = RandomForestClassifier(40, min_samples_leaf=3, random_state=seed, n_jobs=1)
    dump(forest.fit(x[HELD_OUT:], y[HELD_OUT:]), made.model)
    return made


def applications(seed: int) -> tuple[Array, Array]:
    """Rows ``(ROWS, 9)`` in the order of ``NAMES``, and who will default ``(ROWS,)``."""
    import numpy as np

    generator = np.random.default_rng(seed)
    y = generator.random(ROWS) < 0.45
    age = np.clip(generator.normal(44 - 7 * y, 12), 18, 90).round()
    past = generator.poisson(np.where(y, 1.9, 0.35)).clip(0, 8)
    employed = np.clip(generator.gamma(2.0, np.where(y, 22, 60)), 0, 480).round()
    income = np.clip(generator.normal(np.where(y, 38, 55), 14), 8, 200).round(1)
    debt = np.clip(generator.gamma(2.0, np.where(y, 24, 11)), 0, 300).round(1)
    accounts = generator.poisson(np.where(y, 9, 6)).clip(0, 40)
    opened = np.minimum(generator.binomial(accounts, np.where(y, 0.7, 0.4)), 20)
    purpose = np.where(generator.random(ROWS) < 0.6, np.where(y, 3, 1), generator.integers(0, 4, ROWS))
    rows = np.stack([age, past, employed, income, debt, debt / income, opened, accounts, purpose], axis=1)
    return rows.astype(np.float64), y.astype(np.int64)


def _write(path: str, x: Array, y: Array) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join((*NAMES, "default")) + "\n")
        for row, label in zip(x, y, strict=True):
            numbers = [f"{value:.10g}" for value in row[:-1]]
            file.write(",".join((*numbers, PURPOSES[int(row[-1])], "yes" if label else "no")) + "\n")
