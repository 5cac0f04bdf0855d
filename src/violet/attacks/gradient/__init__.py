"""White-box attacks: they follow the gradient of a torch module by its input."""
