"""Rules about what changed between a reference and what came later, asked of comparisons."""
