"""Red: attacks on models. Each takes a problem (target, samples, threat, budget, seed) and says what it reached."""
