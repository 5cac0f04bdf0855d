"""Violet: secure machine-learning models from training data to incident recovery."""

__version__ = "0.1.0"
