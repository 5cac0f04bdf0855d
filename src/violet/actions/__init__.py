"""What Violet can change: one file an action; each can be rehearsed, and names its undo."""
