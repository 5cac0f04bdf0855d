"""What follows from what was found: thresholds, the requirements of the gate, waivers, and the verdict."""

from violet.policy.policy import BY_CHOICE, NEVER_FAIL, Policy, decide

__all__ = ["BY_CHOICE", "NEVER_FAIL", "Policy", "decide"]
