"""Generated allow-lists, one module per root package."""
