"""Natural shifts and common corruptions: no search and no adversary, but the floor on which any model should stand."""
