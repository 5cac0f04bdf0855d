"""Blue: what makes a model harder to attack."""
