"""Public knowledge, pinned: catalogues that are generated from their sources and shipped with Violet."""
