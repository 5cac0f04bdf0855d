"""Model registries: where versions live, and aliases say which of them is live."""
