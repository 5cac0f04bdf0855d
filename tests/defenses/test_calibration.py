"""Temperature scaling."""

from __future__ import annotations

import numpy as np
import pytest

from violet.defenses.calibration import calibration_error, fit_temperature, softmax, to_logits


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_by_which_logits_were_distorted_is_found(temperature: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(6000, 4)) * 2
    y = np.array([generator.choice(4, p=row) for row in softmax(logits)])
    assert fit_temperature(logits * temperature, y) == pytest.approx(temperature, rel=0.1)


def test_calibration_error_is_the_distance_of_confidence_from_accuracy() -> None:
    confident = np.tile([0.9, 0.1], (100, 1))
    y = np.array([0] * 60 + [1] * 40)
    assert calibration_error(confident, y) == pytest.approx(0.3)
    assert calibration_error(np.tile([1.0, 0.0], (10, 1)), np.zeros(10, dtype=int)) == 0.0


def test_logits_of_probabilities_give_them_back() -> None:
    p = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    assert np.allclose(softmax(to_logits(p, probabilities=True)), p, atol=1e-9)
