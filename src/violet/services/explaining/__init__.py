"""Explain a model: what it relies on, what an attack changes of it, and how far the explanation can be trusted."""
