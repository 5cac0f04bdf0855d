"""Answers that should not be, and models whose answers have changed: one file each."""
