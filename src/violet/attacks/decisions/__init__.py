"""Attacks on models that give labels only: they walk along the border between labels towards the sample."""
