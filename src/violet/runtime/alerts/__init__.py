"""What happens to alerts: kept, put together, and told to those who asked for them."""
