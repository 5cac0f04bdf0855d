"""Rules about what a model relies on, asked of explanations."""
