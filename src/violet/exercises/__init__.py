"""Guided tours and drills: each builds its own material and uses the services as a user would."""
