"""Harden a model, and prove by the same test whether it became harder."""
