"""Queries that cost the model more than they should."""
