"""What model servers are asked and answer, read as a proxy must: one file a protocol."""
