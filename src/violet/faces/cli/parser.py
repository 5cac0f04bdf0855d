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
        stand_ins: dict[str, str] = {}
        if "--" in arguments:  # argparse takes what stands behind it for options, when names and options are mixed
            end = arguments.index("--")
            behind = arguments[end + 1 :]
            stand_ins = {f"\0{place}": word for place, word in enumerate(behind) if word.startswith("-")}
            names = [f"\0{place}" if word.startswith("-") else word for place, word in enumerate(behind)]
            arguments = [*arguments[:end], *names]
        parsed, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            word = stand_ins.get(unknown[0], unknown[0])
            raise UsageError(f"{self.prog}: unknown argument {word!r}.", self._meant(word))
        for name, value in vars(parsed).items() if stand_ins else ():
            if isinstance(value, str):
                setattr(parsed, name, stand_ins.get(value, value))
            elif isinstance(value, list):
                setattr(parsed, name, [stand_ins.get(item, item) for item in value])
        return parsed

    def _meant(self, word: str) -> str:
        import difflib

        if word[:1] == "-" and os.path.lexists(word):
            return f"A file of that name is written ./{word}"
        close = difflib.get_close_matches(word.partition("=")[0], list(self._option_string_actions), 1, 0.5)
        return f"Did you mean {close[0]}?" if close else f"See: {self.prog} --help"

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Say which words there are, and which one was probably meant."""
        if action.choices is None or value in action.choices:
            return
        import difflib

        words = [str(choice) for choice in action.choices]
        close = difflib.get_close_matches(str(value), words, 1, 0.6)
        if close:
            hint = f"Did you mean {close[0]}?"
        elif not action.option_strings and os.path.exists(str(value)):
            hint = f"The {action.dest} comes first: {self.prog} {action.dest.upper()} {value}"
        else:
            hint = f"See: {self.prog} --help"
        what = "/".join(action.option_strings) or action.dest
        raise UsageError(f"{self.prog}: {what}: invalid choice {value!r}; there is {', '.join(words)}.", hint)
