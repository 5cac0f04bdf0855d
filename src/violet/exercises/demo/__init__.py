"""The demonstration: a small model zoo, one trojan in it, and a scan that finds it."""

from violet.exercises.demo.zoo import Exhibit, build

__all__ = ["Exhibit", "build"]
