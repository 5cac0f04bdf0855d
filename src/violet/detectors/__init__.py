"""Blue: what watches a model's traffic. Each takes batches of rows and says, row by row, how suspicious they are."""
