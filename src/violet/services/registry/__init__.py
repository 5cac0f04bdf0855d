"""The gate at a model registry: nothing gets an alias that it does not allow."""
