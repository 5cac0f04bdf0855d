"""Rules that the scan itself answers, not a check of one file: one file a rule, as with checks."""
