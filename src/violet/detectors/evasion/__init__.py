"""Queries that search for an input which the model gets wrong."""
