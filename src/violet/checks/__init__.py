"""Checks: each reads the world and yields findings, measurements, or why it could not look."""
