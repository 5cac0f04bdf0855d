"""Attacks made on a model of the attacker's own, and then put to the target."""
