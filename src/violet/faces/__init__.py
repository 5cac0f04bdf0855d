"""Ways to reach Violet. Thin: they parse, call one service, and render."""
