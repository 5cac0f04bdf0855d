"""Where notices go, one file a kind of receiver."""
