"""The webhook that a Kubernetes cluster asks."""
