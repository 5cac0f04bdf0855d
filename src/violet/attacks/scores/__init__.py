"""Attacks on models that give scores: each step is one call for all samples that still stand."""
