"""Hooks that may break, kept from breaking the traffic."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.runtime.hooks import Hooks, Request, Ticket

log = logging.getLogger("violet.guard")


class HooksBrokenError(Exception):
    """A hook broke, and the guard is to fail closed."""


class SafeHooks:
    """``failures`` counts, by hook, how often one raised. The first of each is written to the log with where it came
    from. With ``fail_open`` it is as if the hook had said nothing; else ``HooksBrokenError`` is raised by those that
    come before the model is asked, and by ``answered``."""

    def __init__(self, hooks: Hooks, fail_open: bool) -> None:
        self._hooks = hooks
        self.fail_open = fail_open
        self.failures: Counter[str] = Counter()

    def broke(self, name: str, error: Exception) -> None:
        self.failures[name] += 1
        if self.failures[name] == 1:
            log.error("The guard's hook %s broke; further failures are counted, not written.", name, exc_info=error)

    def opened(self, request: Request) -> Ticket | None:
        try:
            return self._hooks.opened(request)
        except Exception as error:
            self.broke("opened", error)
            if not self.fail_open:
                raise HooksBrokenError from error
            return None

    def asked(self, ticket: Ticket, body: bytes) -> None:
        try:
            self._hooks.asked(ticket, body)
        except Exception as error:
            self.broke("asked", error)
            if not self.fail_open:
                raise HooksBrokenError from error
            ticket.reply, ticket.delay, ticket.decoy, ticket.hold = None, 0.0, "", False

    def answered(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        try:
            return self._hooks.answered(ticket, status, headers, body)
        except Exception as error:
            self.broke("answered", error)
            if not self.fail_open:
                raise HooksBrokenError from error
            return None

    def done(
        self, ticket: Ticket, status: int, headers: Mapping[str, str], body: bytes, complete: bool, seconds: float
    ) -> None:
        try:
            self._hooks.done(ticket, status, headers, body, complete, seconds)
        except Exception as error:
            self.broke("done", error)
