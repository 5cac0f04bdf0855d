"""Queries that ask whether a record was in the training data."""
