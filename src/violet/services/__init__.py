"""The use cases. Faces call these and nothing below them."""
