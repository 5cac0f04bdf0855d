"""Profiles of data, and what changed between a reference and what came later."""
