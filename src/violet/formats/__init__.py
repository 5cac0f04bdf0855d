"""The only place that tells what a file is, and the bounded parsers that read it without executing it."""
