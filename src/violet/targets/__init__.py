"""What can be asked for a prediction, and the data it is asked about."""
