"""The gate in front of a Kubernetes cluster."""
