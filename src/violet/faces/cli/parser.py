"""Argument parsing that raises instead of exiting, and says what was probably meant."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from violet.domain.errors import UsageError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Given a width, ``argparse`` does not load what it would find one with: a tenth of the start-up time."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size(1).columns - 2
        except (OSError, ValueError):
            width = 98
        super().__init__(prog, width=min(max(width, 40), 118))


class Parser(argparse.ArgumentParser):
    """``argparse`` whose errors are ``UsageError``, with a suggestion for a misspelt option."""

    def __init__(self, *, prog: str, description: str = "", examples: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.", f"See: {self.prog} --help")

    def parse_all(self, arguments: list[str]) -> argparse.Namespace:
        """Like ``parse_args``, with a suggestion where an option is unknown."""
        parsed, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            import difflib

            known = list(self._option_string_actions)
            close = difflib.get_close_matches(unknown[0].partition("=")[0], known, 1, 0.5)
            hint = f"Did you mean {close[0]}?" if close else f"See: {self.prog} --help"
            raise UsageError(f"{self.prog}: unknown argument {unknown[0]!r}.", hint)
        return parsed
