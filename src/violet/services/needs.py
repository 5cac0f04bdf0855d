"""What commands need beyond the base installation."""

from __future__ import annotations

from importlib.util import find_spec

from violet.domain.errors import MissingExtraError


def require(what: str, extra: str, packages: tuple[str, ...] = ("numpy",)) -> None:
    """To be asked first, before anything of ``extra`` is imported. Raises ``MissingExtraError`` where one of
    ``packages`` is not installed: then the extra is not."""
    if any(find_spec(name) is None for name in packages):
        raise MissingExtraError(what, extra)
