"""What is being done with whom, and until when: looked up once or twice a request, undone by hand, kept on the disk.

For a client no ruling is about, which is nearly every one, a look-up is one miss in a dict. Of several rulings on one
client the strongest counts; each ends by itself. Rulings of several processes are put together without a leader: of two
with the same client, model and response the later one holds, and a release (a ruling ``allow``) voids all that were
made before it, in whatever order they are heard of (a state-based map of last-writer-wins registers; Shapiro et al.
2011, section 3.2).

What is bounded: clients (a flood of milder rulings never pushes out a stronger one), rulings of a client, and bytes on
the disk.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from violet.domain.alert import STRENGTH, Response, Ruling

if TYPE_CHECKING:
    from violet.runtime.ruling_journal import Journal

CAPACITY = 50_000
"""Clients with a ruling."""
OF_ONE = 64
"""Rulings on one client: models times responses."""
SKEW = 86_400.0
"""Seconds that another process' clock may be ahead."""
REMEMBERED = 30 * 86_400.0
"""Seconds for which a release is remembered, should somebody who was away still bring what it voided."""


class _Client:
    """``held`` goes by model and response; ``released`` by model, when. ``strength`` is the greatest held."""

    __slots__ = ("held", "released", "strength")

    def __init__(self) -> None:
        self.held: dict[tuple[str, Response], Ruling] = {}
        self.released: dict[str, Ruling] = {}
        self.strength = 0


class Rulings:
    """Not to be shared between threads. ``journal`` keeps them over restarts; ``spared`` are clients against whom
    nothing holds, whoever says so."""

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        capacity: int = CAPACITY,
        spared: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spared = frozenset(spared)
        self.refused = 0
        """Rulings that found no room, or were about somebody who is spared, or of the future."""
        self.pushed_out = 0
        self._capacity = max(1, capacity)
        self._clock = clock
        self._clients: dict[str, _Client] = {}
        self._order: list[OrderedDict[str, None]] = [OrderedDict() for _ in STRENGTH]
        """By strength, clients in the order in which they came to it."""
        self._exported: tuple[Ruling, ...] | None = None
        self._journal = journal
        if journal is not None:
            for ruling in journal.read():
                self._take(ruling)
            self.expire()

    def __len__(self) -> int:
        """Clients with a ruling or a release."""
        return len(self._clients)

    # -- looking up --------------------------------------------------------------------------------------------------

    def find(self, client: str, model: str, now: float) -> Ruling | None:
        """The strongest in force for this client and model (or for all models)."""
        known = self._clients.get(client)
        if known is None:
            return None
        best: Ruling | None = None
        for (about, _), ruling in known.held.items():
            if about and about != model:
                continue
            if ruling.until > now and (best is None or _weight(ruling) > _weight(best)):
                best = ruling
        if best is not None and known.released and self._exempt(known, model, now):
            return None
        return best

    def every(self, client: str, model: str, now: float) -> tuple[Ruling, ...]:
        """All in force for this client and model, the strongest first: answers can be rounded and late."""
        known = self._clients.get(client)
        if known is None or (known.released and self._exempt(known, model, now)):
            return ()
        found = [one for (about, _), one in known.held.items() if about in ("", model) and one.until > now]
        found.sort(key=_weight, reverse=True)
        return tuple(found)

    def _exempt(self, known: _Client, model: str, now: float) -> bool:
        """A release that says for how long nothing is to be ruled."""
        return any(about in ("", model) and release.until > now for about, release in known.released.items())

    def in_force(self, now: float | None = None) -> tuple[Ruling, ...]:
        """All that hold, the latest first."""
        at = self._clock() if now is None else now
        found = [
            ruling
            for known in self._clients.values()
            for (about, _), ruling in known.held.items()
            if ruling.until > at and not self._exempt(known, about, at)
        ]
        return tuple(sorted(found, key=lambda one: (-one.at, one.client, one.model, one.response)))

    # -- ruling ------------------------------------------------------------------------------------------------------

    def put(self, ruling: Ruling) -> bool:
        """Take in what this process rules. A later end of the same counts. ``False``: it changes nothing, or there is
        no room. Quarantine is for all models."""
        if ruling.response is Response.QUARANTINE and ruling.model:
            ruling = Ruling(ruling.client, ruling.response, ruling.until, ruling.reason, ruling.by, ruling.at, "")
        known = self._clients.get(ruling.client)
        if known is not None:
            held = known.held.get((ruling.model, ruling.response))
            if held is not None and held.until > ruling.until and held.until > ruling.at:
                return False  # the same for longer is in force
        taken = self._take(ruling)
        if taken and self._journal is not None:
            self._journal.write([ruling], self.export)
        return taken

    def release(self, client: str, *, by: str = "", seconds: float = 0.0) -> tuple[Ruling, ...]:
        """End all that is being done with a client; for ``seconds`` from now nothing is done, whatever is ruled. Gives
        what was ended."""
        now = self._clock()
        ended = tuple(one for one in self.in_force(now) if one.client == client)
        at = max([now, *(one.at for one in ended)])  # another process' clock may be ahead of ours
        self._undo([Ruling(client, Response.ALLOW, now + seconds, "released", by, at)])
        return ended

    def undo(self, reason: str, *, by: str = "") -> tuple[Ruling, ...]:
        """End what is being done for one reason: the id that a refused caller was told, which is that of the alert.
        Gives what was ended."""
        now = self._clock()
        ended = tuple(one for one in self.in_force(now) if one.reason == reason)
        endings = []
        for one in ended:
            at = max(now, math.nextafter(one.at, math.inf))
            endings.append(Ruling(one.client, one.response, now, reason, by, at, one.model))
        self._undo(endings)
        return ended

    def _undo(self, rulings: Sequence[Ruling]) -> None:
        taken = [ruling for ruling in rulings if self._take(ruling)]
        if taken and self._journal is not None:
            self._journal.write(taken, self.export)

    # -- several processes -------------------------------------------------------------------------------------------

    def export(self) -> Sequence[Ruling]:
        """All that others have to know, releases included."""
        if self._exported is None:
            self._exported = tuple(
                ruling
                for known in self._clients.values()
                for ruling in (*known.released.values(), *known.held.values())
            )
        return self._exported

    def merge(self, rulings: Iterable[Ruling]) -> int:
        """Take in what others know. Gives how many of them said something new."""
        now = self._clock()
        new = [one for one in rulings if self._acceptable(one, now) and self._take(one)]
        if new and self._journal is not None:
            self._journal.write(new, self.export)
        return len(new)

    def _acceptable(self, ruling: Ruling, now: float) -> bool:
        if ruling.at > now + SKEW:
            self.refused += 1
            return False
        return ruling.until > now or ruling.response is Response.ALLOW or _is_ending(ruling)

    def follow(self) -> int:
        """Take in what other processes have written into their journals since this was last called."""
        return self.merge(self._journal.follow()) if self._journal is not None else 0

    # -- keeping -----------------------------------------------------------------------------------------------------

    def expire(self) -> None:
        """Forget what has ended: once a second or so."""
        now = self._clock()
        for client in list(self._clients):
            known = self._clients[client]
            over = [
                key
                for key, ruling in known.held.items()
                if ruling.until <= now and not (_is_ending(ruling) and ruling.at + REMEMBERED > now)
            ]
            gone = [
                model
                for model, release in known.released.items()
                if release.until <= now and release.at + REMEMBERED <= now
            ]
            if not over and not gone:
                continue
            self._exported = None
            for key in over:
                del known.held[key]
            for model in gone:
                del known.released[model]
            self._place(client, known)

    def sync(self) -> None:
        """Write to the disk what the operating system holds: for a thread beside the traffic."""
        if self._journal is not None:
            self._journal.sync()

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _take(self, ruling: Ruling) -> bool:
        """Join it with what is known; in whatever order rulings are taken, the result is the same."""
        if ruling.client in self.spared or not ruling.client:
            self.refused += 1
            return False
        known = self._clients.get(ruling.client)
        if ruling.response is Response.ALLOW:
            known = known or self._new(ruling.client, 0)
            return known is not None and self._take_release(known, ruling)
        if known is not None and any(
            about in ("", ruling.model) and release.at >= ruling.at for about, release in known.released.items()
        ):
            return False
        key = (ruling.model, ruling.response)
        held = known.held.get(key) if known is not None else None
        if held is not None and _rank(held) >= _rank(ruling):
            return False
        known = known or self._new(ruling.client, STRENGTH[ruling.response])
        if known is None or (held is None and len(known.held) >= OF_ONE):
            self.refused += 1
            return False
        known.held[key] = ruling
        self._exported = None
        self._place(ruling.client, known)
        return True

    def _take_release(self, known: _Client, release: Ruling) -> bool:
        before = known.released.get(release.model)
        if before is not None and _rank(before) >= _rank(release):
            return False
        if before is None and len(known.released) >= OF_ONE:
            self.refused += 1
            return False
        known.released[release.model] = release
        for key, ruling in list(known.held.items()):
            if release.model in ("", key[0]) and ruling.at <= release.at:
                del known.held[key]
        self._exported = None
        self._place(release.client, known)
        return True

    def _new(self, client: str, strength: int) -> _Client | None:
        """A place for another client, at the cost of the one that has had the mildest, not stronger, for longest.
        ``None``: all have stronger ones."""
        if len(self._clients) >= self._capacity:
            for order in self._order[: strength + 1]:
                if order:
                    gone, _ = order.popitem(last=False)
                    del self._clients[gone]
                    self.pushed_out += 1
                    break
            else:
                self.refused += 1
                return None
        known = self._clients[client] = _Client()
        self._order[0][client] = None
        return known

    def _place(self, client: str, known: _Client) -> None:
        """Under its strength, where it changed; nowhere, where nothing is left."""
        strength = max((STRENGTH[one.response] for one in known.held.values() if not _is_ending(one)), default=0)
        if not known.held and not known.released:
            self._order[known.strength].pop(client, None)
            del self._clients[client]
        elif strength != known.strength:
            self._order[known.strength].pop(client, None)
            self._order[strength][client] = None
            known.strength = strength


def _weight(ruling: Ruling) -> tuple[int, float, str]:
    """Which of two in force is obeyed: the stronger one, else the longer."""
    return (STRENGTH[ruling.response], ruling.until, ruling.model)


def _is_ending(ruling: Ruling) -> bool:
    """It takes the place of another, and holds at no time."""
    return ruling.until <= ruling.at


def _rank(ruling: Ruling) -> tuple[float, float, str, str]:
    """Which of two about the same holds: the later one; of those at one time the longer; then by their words, so that
    all processes choose alike."""
    return (ruling.at, ruling.until, ruling.reason, ruling.by)
