"""Errors that can explain themselves. Every one that reaches a user is a ``VioletError``."""

from __future__ import annotations


class VioletError(Exception):
    """Something the user can act on: ``what`` happened, ``hint`` says what to do about it."""

    exit_code = 3

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def diagnostics(self) -> str:
        """One or two plain sentences: what, where, and what to do."""
        return f"{self.what} {self.hint}".strip()


class UsageError(VioletError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigurationError(VioletError):
    """A configuration file, baseline or ignore file says something that cannot be."""

    exit_code = 2


class MissingExtraError(VioletError):
    """A feature needs a package that is not installed."""

    exit_code = 2

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed.",
            f"Run: pip install 'violet-mlsecops[{extra}]'",
        )
