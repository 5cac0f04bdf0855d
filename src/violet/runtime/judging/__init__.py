"""Who judges what has been answered: detectors in the gateway's own loop, or in a process beside it."""
