"""The parts of ``violet guard``: one file each for what it is asked to do."""
