"""Explanations of predictions, used as evidence: what a model relies on, and what an attack moved."""
