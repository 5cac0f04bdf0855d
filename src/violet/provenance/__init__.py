"""Proof of what an artifact is: digests, signatures, attestations, bills of materials, lineage."""
