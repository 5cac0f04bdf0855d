"""How much a client may ask, and a model be asked: buckets that fill, days that end, requests under way.

Every look-up is a constant number of steps. Time is monotonic: setting the clock makes nobody's quota larger or
smaller. Accounts are bounded in number; the one that was silent for longest makes room. Whoever has enough names to
press others out of their accounts has that many quotas anyway. Accounts are of one process: of N that share a port each
is given ``workers=N`` and allows one N-th.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from violet.domain.guarding import LimitPolicy, Quota

DAY = 86_400.0
LONGEST = 3_600.0
"""Seconds that somebody is told to wait who asks for more at once than is ever given."""
SHORTEST = 0.001
BURST = 10.0
"""Seconds' worth of rows that may come at once where the policy does not say."""


class _Bucket:
    """``rate`` a second, at most ``most`` at once; what takes more than there is leaves a debt."""

    __slots__ = ("level", "most", "rate", "stamp")

    def __init__(self, rate: float, most: float, now: float) -> None:
        self.rate = rate
        self.most = most
        self.level = most
        self.stamp = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until that much, or all there ever is, is there."""
        if now > self.stamp:
            self.level = min(self.most, self.level + (now - self.stamp) * self.rate)
            self.stamp = now
        lacking = min(amount, self.most) - self.level
        return lacking / self.rate if lacking > 1e-6 * self.most else 0.0


class _Day:
    """``most`` in 24 hours from the first one."""

    __slots__ = ("begun", "most", "used")

    def __init__(self, most: float, now: float) -> None:
        self.most = most
        self.used = 0.0
        self.begun = now

    def wait(self, amount: float, now: float) -> float:
        if now - self.begun >= DAY:
            self.used, self.begun = 0.0, now
        return self.begun + DAY - now if self.used + min(amount, self.most) > self.most else 0.0


class _Account:
    """What is left of one quota. Parts that the quota does not limit are ``None``."""

    __slots__ = ("active", "bytes", "concurrent", "largest", "row_day", "rows", "token_day", "tokens")

    def __init__(self, quota: Quota, now: float) -> None:
        def bucket(rate: float, most: float) -> _Bucket | None:
            return _Bucket(rate, most, now) if rate > 0 else None

        def day(most: float) -> _Day | None:
            return _Day(most, now) if most > 0 else None

        rate = quota.rows_per_second
        self.rows = bucket(rate, quota.burst if quota.burst > 0 else max(1.0, BURST * rate))
        self.bytes = bucket(quota.bytes_per_second, BURST * quota.bytes_per_second)
        self.tokens = bucket(quota.tokens_per_minute / 60.0, quota.tokens_per_minute)
        self.row_day = day(quota.rows_per_day)
        self.token_day = day(quota.tokens_per_day)
        self.concurrent = quota.concurrent
        self.largest = quota.rows_per_request
        self.active = 0

    def wait(self, rows: float, size: float, now: float) -> tuple[float, str]:
        """Seconds until it may go on, and what it has to wait for."""
        if self.largest and rows > self.largest:
            return LONGEST, "rows_per_request"
        found, why = 0.0, ""
        if self.concurrent and self.active >= self.concurrent:
            found, why = 1.0, "concurrent"
        for name, part, amount in (
            ("rows_per_second", self.rows, rows),
            ("bytes_per_second", self.bytes, size),
            ("tokens_per_minute", self.tokens, 1.0),
            ("rows_per_day", self.row_day, rows),
            ("tokens_per_day", self.token_day, 1.0),
        ):
            if part is not None:
                seconds = part.wait(amount, now)
                if seconds > found:
                    found, why = seconds, name
        return found, why

    def take(self, rows: float, size: float) -> None:
        if self.rows is not None:
            self.rows.level -= rows
        if self.bytes is not None:
            self.bytes.level -= size
        if self.row_day is not None:
            self.row_day.used += rows
        self.active += 1

    def done(self, tokens: float) -> None:
        self.active = max(0, self.active - 1)
        if self.tokens is not None:
            self.tokens.level -= tokens
        if self.token_day is not None:
            self.token_day.used += tokens


class Limits:
    """``refused`` counts by what was exceeded. Whoever was admitted has to be reported ``done``."""

    def __init__(self, policy: LimitPolicy, *, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self.refused: dict[str, int] = {}
        self._clock = clock
        self._each = _shared(policy.each, workers)
        self._clients = {name: _shared(quota, workers) for name, quota in policy.clients.items()}
        self._models = {name: _shared(quota, workers) for name, quota in policy.models.items()}
        self._capacity = max(1, policy.remembered)
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._of_models: dict[str, _Account] = {}
        self._idle = self._each.unlimited and not self._clients and not self._models

    def __len__(self) -> int:
        return len(self._accounts)

    def admit(self, client: str, model: str, rows: int, size: int) -> float:
        """Seconds until the caller may try again; 0: it may go on, and is charged. A request whose rows cannot be
        counted is one row."""
        if self._idle:
            return 0.0
        now = self._clock()
        amount = float(max(1, rows))
        own, of_model = self._account(client, now), self._of_model(model, now)
        wait, why = own.wait(amount, size, now) if own is not None else (0.0, "")
        if of_model is not None:
            seconds, name = of_model.wait(amount, size, now)
            if seconds > wait:
                wait, why = seconds, f"model_{name}"
        if wait > 0:
            self.refused[why] = self.refused.get(why, 0) + 1
            return max(SHORTEST, wait)
        if own is not None:
            own.take(amount, size)
        if of_model is not None:
            of_model.take(amount, size)
        return 0.0

    def done(self, client: str, model: str, tokens: int = 0) -> None:
        """One that was admitted has ended; ``tokens`` are what it was charged for."""
        if self._idle:
            return
        own, of_model = self._accounts.get(client), self._of_models.get(model)
        if own is not None:
            own.done(tokens)
        if of_model is not None:
            of_model.done(tokens)

    def _account(self, client: str, now: float) -> _Account | None:
        known = self._accounts.get(client)
        if known is not None:
            self._accounts.move_to_end(client)
            return known
        quota = self._clients.get(client, self._each)
        if quota.unlimited:
            return None
        if len(self._accounts) >= self._capacity:
            self._accounts.popitem(last=False)
        known = self._accounts[client] = _Account(quota, now)
        return known

    def _of_model(self, model: str, now: float) -> _Account | None:
        known = self._of_models.get(model)
        if known is None and model in self._models:
            known = self._of_models[model] = _Account(self._models[model], now)
        return known


def _shared(quota: Quota, workers: int) -> Quota:
    """One worker's part. What a single request may be stays what it is."""
    if workers <= 1 or quota.unlimited:
        return quota
    return replace(
        quota,
        rows_per_second=quota.rows_per_second / workers,
        burst=quota.burst / workers,
        rows_per_day=-(-quota.rows_per_day // workers),
        bytes_per_second=quota.bytes_per_second / workers,
        tokens_per_minute=quota.tokens_per_minute / workers,
        tokens_per_day=-(-quota.tokens_per_day // workers),
        concurrent=-(-quota.concurrent // workers),
    )
