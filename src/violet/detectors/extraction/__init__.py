"""Queries that copy a model: what a thief asks differs from what customers ask."""
