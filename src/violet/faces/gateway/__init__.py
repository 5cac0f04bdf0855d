"""The guard's server: listens, and hands what comes to the runtime."""
