"""What the readers of tensor formats share."""
