"""Test a model against attacks: plan, run, judge what is believable, report."""
