"""A classifier of real and made-up rows, learned from the reference when the guard starts: see
``extraction/made_up``, which it serves with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

RAREST = 1e-3
"""No single row is believed to be rarer among benign ones than this."""
MOST = 40
"""Columns that are paired with each other; of more, as many directions are taken, the narrowest and the widest."""
FEWEST = 200
"""Rows of the sample below which nothing can be learned."""
CONTRAST = 4


class Contrast:
    """``silent``: the reference keeps too few rows, or has too few columns, to learn from."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        d = reference.width
        self._project: Array | None = None
        if d > MOST:
            chosen = np.r_[0 : MOST // 2, d - MOST // 2 : d]
            self._project = reference.whiten[:, chosen].astype(np.float64)
        self.silent = len(reference.sample) < FEWEST or d < 3
        if self.silent:
            return
        rng = np.random.default_rng([reference.seed, 79])
        z = self._small(reference.sample)
        halves = np.arange(len(z)) % 2
        left_out = [_judge(z[halves == half], _learn(z[halves != half], rng)) for half in (0, 1)]
        self._benign = np.sort(np.concatenate(left_out))
        self._form = _learn(z, rng)

    @classmethod
    def of(cls, setup: Setup) -> Contrast:
        """The one of the setup's detectors."""
        assert setup.reference is not None
        found = setup.shared.get("contrast")
        if found is None:
            found = setup.shared["contrast"] = cls(setup.reference)
        assert isinstance(found, Contrast)
        return found

    def beyond(self, batch: Batch) -> Array:
        """The share of benign rows that look made up as much as each row does, float64 ``(n,)``, at least ``RAREST``;
        1 where it is silent."""
        key = ("contrast", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._beyond(batch.x)
        return np.asarray(found)

    def _beyond(self, x: Array) -> Array:
        if self.silent:
            return np.ones(len(x))
        judged = _judge(self._small(x), self._form)
        above = len(self._benign) - np.searchsorted(self._benign, judged)
        return np.asarray(np.maximum((above + 0.5) / (len(self._benign) + 1.0), RAREST))

    def _small(self, x: Array) -> Array:
        """Float64 ``(n, at most 40)``, with a constant column."""
        z = np.arcsinh(x.astype(np.float64)) if self._project is None else (x - self._reference.mean) @ self._project
        if self._project is not None:
            z = np.arcsinh(z)
        return np.concatenate([z, np.ones((len(z), 1))], axis=1)


def _mixed(z: Array, rng: np.random.Generator) -> Array:
    """Rows made up of real ones: half with each column from one of two, half with every column from any. The columns of
    pictures are directions: mixing cells or patches of theirs makes noise, or what another honest camera gives."""
    n = len(z)
    pairs = [np.where(rng.random(z.shape) < 0.5, z, z[rng.permutation(n)]) for _ in range(CONTRAST // 2)]
    shuffled = [np.stack([column[rng.permutation(n)] for column in z.T], axis=1) for _ in range(CONTRAST // 2)]
    return np.concatenate([*pairs, *shuffled])


def _learn(real: Array, rng: np.random.Generator) -> Array:
    """Least squares of -1 for real rows and 1 for made-up ones on all products of two columns, ridged, both classes
    weighing the same: a symmetric form ``(k, k)``."""
    made = _mixed(real, rng)
    k = real.shape[1]
    above = np.triu_indices(k)
    products = np.concatenate([real[:, above[0]] * real[:, above[1]], made[:, above[0]] * made[:, above[1]]])
    target = np.repeat([-1.0, 1.0], [len(real), len(made)])
    weight = np.repeat([1.0, len(real) / len(made)], [len(real), len(made)])
    scale = np.sqrt(np.average(products**2, axis=0, weights=weight)) + 1e-9
    products /= scale
    gram = (products * weight[:, None]).T @ products
    ridge = 0.05 * len(real) * np.eye(len(gram))
    found = np.linalg.solve(gram + ridge, products.T @ (weight * target)) / scale
    form = np.zeros((k, k))
    form[above] = found / 2
    return np.asarray(form + form.T)


def _judge(z: Array, form: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", z @ form, z))
