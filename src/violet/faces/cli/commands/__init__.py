"""One file a command: ``SUMMARY`` lives in ``violet.faces.cli.main``, ``add_arguments`` and ``run`` here."""
