"""``python -m violet`` is the command ``violet``."""

from violet.faces.cli.main import main

if __name__ == "__main__":
    main()
