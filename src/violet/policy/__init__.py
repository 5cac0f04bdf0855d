"""What follows from what was found: thresholds, waivers that expire, and the verdict."""

from violet.policy.glob import matches
from violet.policy.policy import BY_CHOICE, NEVER_FAIL, Policy, Waiver, decide, waive

__all__ = ["BY_CHOICE", "NEVER_FAIL", "Policy", "Waiver", "decide", "matches", "waive"]
