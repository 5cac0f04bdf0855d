"""The demonstration: a small model zoo, one trojan in it, and what proves the others."""

from violet.exercises.demo.tour import Step, steps
from violet.exercises.demo.zoo import Exhibit, build

__all__ = ["Exhibit", "Step", "build", "steps"]
