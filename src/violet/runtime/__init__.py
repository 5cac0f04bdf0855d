"""What stands before a model in production: reads its traffic, judges it, answers, remembers, and tells."""
