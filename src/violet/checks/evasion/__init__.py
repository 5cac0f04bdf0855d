"""Rules about what a test against evasion found. They are asked about an ``EvasionTest``, not about a file."""
