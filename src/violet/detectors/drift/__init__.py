"""Drift of a model's traffic as it happens: windows of rows against the reference. They accuse nobody in particular."""
