"""Attacks on tables that stay rows which could exist: raw inputs, a schema, and distances in changed features."""
