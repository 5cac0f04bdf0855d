"""Data sets: describing shards with digests that locate a change, and telling what changed from them."""
