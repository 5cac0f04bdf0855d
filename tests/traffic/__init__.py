"""Traffic with known truth: two worlds, honest clients of many kinds, and attackers."""
