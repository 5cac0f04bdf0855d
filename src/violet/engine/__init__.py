"""Where work runs. Loads nothing by itself: see ``sandbox`` for the examination of untrusted files."""
