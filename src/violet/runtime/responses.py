"""What the guard does with a caller's requests, once that is ruled.

None of it is for ever: each ends with its ruling, and can be ended before (``UNDO``). None but ``CHALLENGE``,
``REFUSE`` and ``QUARANTINE`` lets the caller know that it was caught, which adaptive attacks feed on (Feng et al. 2023,
"Stateful defenses for machine learning models are not yet secure against black-box attacks"). Scores that are changed
keep their greatest where it was, so that honest users get the same decisions; what an attacker loses is the slope.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.alert import STRENGTH, Alert, Response, Ruling
from violet.domain.guarding import Reaction, ResponsePolicy
from violet.runtime.hooks import Ticket, refusal, retry_after

if TYPE_CHECKING:
    from violet.runtime.wire.base import Array, Question, Rewrite

CHANGING = (Response.LABEL, Response.ROUND, Response.NOISE)
UNDO: Mapping[Response, str] = {
    Response.ALLOW: "Nothing is done.",
    Response.LABEL: "Answers have their scores again with the next request.",
    Response.ROUND: "Answers have all digits again with the next request.",
    Response.NOISE: "Answers are exact again with the next request.",
    Response.SLOW: "Answers come at once again with the next request.",
    Response.CHALLENGE: "Requests are passed on again.",
    Response.SHADOW: "The model itself answers again. What the decoy has answered stands with the caller.",
    Response.REFUSE: "Requests are passed on again.",
    Response.QUARANTINE: "Requests to all models are passed on again.",
}
"""What comes of ``violet guard release CLIENT`` for each."""
CLOSE = 1e-9


class Responder:
    """Does what rulings say. ``decoy`` is the upstream that answers in the model's place; ``decoys`` goes by model.
    Where there is none, shadowed callers get rounded scores, late. ``secret`` makes noise and waiting times that nobody
    else can work out."""

    def __init__(
        self, policy: ResponsePolicy, secret: bytes, *, decoy: str = "", decoys: Mapping[str, str] | None = None
    ) -> None:
        self.policy = policy
        self._secret = secret[:64]
        self._decoy = decoy
        self._decoys = dict(decoys or {})
        self._ways: dict[Response, Callable[[Ticket, Ruling], None]] = {
            Response.LABEL: self._hold,
            Response.ROUND: self._hold,
            Response.NOISE: self._hold,
            Response.SLOW: self._slow,
            Response.CHALLENGE: self._challenge,
            Response.SHADOW: self._shadow,
            Response.REFUSE: self._refuse,
            Response.QUARANTINE: self._refuse,
        }

    def obey(self, ticket: Ticket, ruling: Ruling) -> None:
        """Before the request is passed on."""
        way = self._ways.get(ruling.response)
        if way is not None:
            way(ticket, ruling)

    def rewrite(
        self, ticket: Ticket, headers: Mapping[str, str], body: bytes
    ) -> tuple[bytes, Mapping[str, str]] | None:
        """An answer that was held, with its scores changed as the rulings say. ``None``: it stays as it is. Raises
        ``Unreadable``."""
        question, wire = ticket.question, ticket.wire
        if question is None or wire is None:
            return None
        wanted = {one.response for one in ticket.rulings}
        if Response.SHADOW in wanted and not ticket.decoy:
            wanted.add(Response.ROUND)
        if wanted.isdisjoint(CHANGING):
            return None
        original = wire.answer(question, headers, body)
        return wire.rewrite(headers, body, self.change(wanted, ticket), original)

    def change(self, wanted: set[Response], ticket: Ticket) -> Rewrite:
        """What is done to scores ``(n, k)``: labels alone, else noise, then rounding."""
        if Response.LABEL in wanted:
            return labels_alone
        question = ticket.question
        digits = self.policy.digits
        noise = self.policy.noise if Response.NOISE in wanted else 0.0
        turn = 0

        def changed(scores: Array) -> Array:
            nonlocal turn
            if noise:
                scores = noisy(scores, noise, self._seeds(question, ticket.raw, len(scores), turn))
                turn += 1
            return rounded(scores, digits) if Response.ROUND in wanted else scores

        return changed

    def _seeds(self, question: Question | None, raw: Array | None, count: int, turn: int) -> list[int]:
        """One a row: of its content alone, where there are as many scores as rows. Whoever asks the same again gets the
        same again, and cannot take the mean."""
        rows: Any = raw if raw is not None and raw.size else question.rows if question is not None else ()
        texts = question.texts if question is not None else ()
        if len(rows) == count:
            parts = [_content(row) for row in rows]
        elif len(texts) == count:
            parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        else:
            whole = b"\0".join([*(_content(row) for row in rows), *(text.encode("utf-8", "replace") for text in texts)])
            parts = [b"%d/%d/" % (turn, place) + whole for place in range(count)]
        return [int.from_bytes(blake2b(part, digest_size=8, key=self._secret).digest(), "big") for part in parts]

    def _hold(self, ticket: Ticket, ruling: Ruling) -> None:
        ticket.hold = True

    def _slow(self, ticket: Ticket, ruling: Ruling) -> None:
        """Between half of the longest wait and all of it, so that it does not look like a rule."""
        digest = blake2b(f"{ruling.client}/{ticket.id}".encode(), digest_size=4, key=self._secret).digest()
        share = 0.5 + 0.5 * int.from_bytes(digest, "big") / 2**32
        ticket.delay = max(ticket.delay, share * self.policy.slow_seconds)

    def _challenge(self, ticket: Ticket, ruling: Ruling) -> None:
        left = max(1.0, min(self.policy.challenge_seconds, ruling.until - ticket.at))
        what = "Payment or proof is asked for." if self.policy.challenge_status == 402 else "Please wait."
        self._reply(ticket, ruling, self.policy.challenge_status, what, retry=left)

    def _shadow(self, ticket: Ticket, ruling: Ruling) -> None:
        model = ticket.model or ruling.model
        ticket.decoy = self._decoys.get(model, self._decoy)
        if not ticket.decoy:
            self._slow(ticket, ruling)
            ticket.hold = True

    def _refuse(self, ticket: Ticket, ruling: Ruling) -> None:
        self._reply(ticket, ruling, 403, "This request is refused.")

    def _reply(self, ticket: Ticket, ruling: Ruling, status: int, what: str, *, retry: float = 0.0) -> None:
        """The stronger of two replies stands."""
        if ticket.reply is not None and ticket.reply.status == 403:
            return
        more = {"contact": self.policy.contact} if self.policy.contact else {}
        headers = [("cache-control", "no-store")]
        if retry:
            headers.append(retry_after(retry))
        ticket.reply = refusal(status, ruling.reason, what, *headers, **more)


class Decider:
    """What is done about an alert, by the policy: the response, and for how many seconds."""

    def __init__(self, policy: ResponsePolicy) -> None:
        self._policy = policy
        self._known: dict[str, Reaction | None] = {}

    def __call__(self, alert: Alert) -> tuple[Response, float]:
        policy = self._policy
        reaction = self._of(alert.detector) or policy.by_severity.get(alert.severity) or policy.otherwise
        response = reaction.response if reaction.response is not None else alert.response
        if STRENGTH[response] > STRENGTH[policy.strongest]:
            response = policy.strongest
        return response, reaction.seconds

    def _of(self, detector: str) -> Reaction | None:
        """By its name; else by the longest pattern that fits."""
        if detector not in self._known:
            exact = self._policy.by_detector.get(detector)
            fitting = [name for name in self._policy.by_detector if fnmatch.fnmatchcase(detector, name)]
            best = max(fitting, key=lambda name: (len(name), name), default="")
            self._known[detector] = exact or (self._policy.by_detector[best] if best else None)
        return self._known[detector]


def labels_alone(scores: Array) -> Array:
    """1 for the greatest, 0 for the others. A single column says yes from 0.5 on, where it is a share; where it is not,
    one digit of it is left. What is no number stays none."""
    found = np.array(scores, dtype=np.float64)
    whole = np.isfinite(found).all(axis=1)
    if found.shape[1] == 1:
        column = found[whole, 0]
        if _shares(column):
            found[whole, 0] = column >= 0.5
        else:
            found[whole, 0] = _significant(column, 1)
        return found
    best = np.argmax(found[whole], axis=1)
    found[whole] = np.eye(found.shape[1])[best]
    return found


def rounded(scores: Array, digits: int) -> Array:
    """Shares to ``digits`` after the point, other numbers to one digit more from the first on. The greatest stays the
    greatest."""
    found = np.array(scores, dtype=np.float64)
    if not found.size:
        return found
    whole = np.isfinite(found).all(axis=1)
    part = found[whole]
    if _shares(part):
        made = np.round(part, digits)
        made = _greatest_kept(part, made, np.full(len(part), 10.0**-digits), 1.0)
    else:
        made = _significant(part, digits + 1)
        with np.errstate(divide="ignore", over="ignore"):
            size = np.floor(np.log10(np.maximum(np.abs(part).max(axis=1, initial=0.0), 1e-300)))
        made = _greatest_kept(part, made, 10.0 ** (size - digits), np.inf)
    found[whole] = made
    return found


def noisy(scores: Array, amount: float, seeds: list[int]) -> Array:
    """Each score moved by up to ``amount`` (of the row's range, where they are no shares), by its row's seed. Shares
    stay shares and keep their sum where that is 1; the greatest stays the greatest."""
    found = np.array(scores, dtype=np.float64)
    whole = np.isfinite(found).all(axis=1)
    part = found[whole]
    if not part.size:
        return found
    moves = _moves(np.array(seeds, dtype=np.uint64)[whole], part.shape[1])
    if _shares(part):
        made = np.clip(part + amount * moves, 0.0, 1.0)
        if part.shape[1] == 1:  # the side of 0.5 is the label
            yes = part >= 0.5
            found[whole] = np.where(yes, np.maximum(made, 0.5), np.minimum(made, np.nextafter(0.5, 0)))
            return found
        made = _greatest_kept(part, made, np.full(len(part), CLOSE), 1.0)
        sums = part.sum(axis=1)
        one = np.abs(sums - 1.0) < 1e-3
        totals = made.sum(axis=1)
        made[one] *= (sums[one] / np.maximum(totals[one], CLOSE))[:, None]
        made = _greatest_kept(part, made, np.full(len(part), CLOSE), 1.0)
    else:
        reach = np.ptp(part, axis=1) if part.shape[1] > 1 else np.abs(part[:, 0])
        made = part + (amount * reach)[:, None] * moves
        made = _greatest_kept(part, made, np.maximum(np.abs(part).max(axis=1), 1.0) * CLOSE, np.inf)
    found[whole] = made
    return found


def _moves(seeds: Array, columns: int) -> Array:
    """float64 ``(n, columns)`` in [-1, 1), by seed and place (SplitMix64; Steele, Lea and Flood 2014, figure 17)."""
    places = np.arange(1, columns + 1, dtype=np.uint64)
    z = seeds[:, None] + places * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    found: Array = (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0
    return found


def _shares(scores: Array) -> bool:
    return bool(scores.size) and bool(np.all(scores >= 0) and np.all(scores <= 1))


def _significant(values: Array, digits: int) -> Array:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.maximum(np.abs(values), 1e-300)))
        step = 10.0 ** (size - digits + 1)
        made = np.round(values / step) * step
    return np.where(np.isfinite(made), made, values)


def _greatest_kept(before: Array, after: Array, step: Array, most: float) -> Array:
    """``after`` with the place of each row's greatest as it was ``before``: raised by a ``step`` above the others, or,
    where that is more than ``most``, with the others a step below it."""
    if after.shape[1] < 2:
        return after
    rows = np.arange(len(after))
    best = np.argmax(before, axis=1)
    others = after.copy()
    others[rows, best] = -np.inf
    second = others.max(axis=1)
    tied = second >= after[rows, best]
    if not tied.any():
        return after
    found = after.copy()
    raised = second + step
    fits = tied & (raised <= most)
    found[rows[fits], best[fits]] = raised[fits]
    for row in np.flatnonzero(tied & ~fits).tolist():
        place = best[row]
        found[row, place] = max(found[row, place], min(second[row], most))
        lower = found[row, place] - step[row]
        keep = found[row, place]
        found[row] = np.minimum(found[row], lower)
        found[row, place] = keep
    return found


def _content(row: Any) -> bytes:
    """A row's own bytes."""
    if isinstance(row, np.ndarray):
        return np.ascontiguousarray(row).tobytes()
    return repr(list(row)).encode("utf-8", "surrogatepass")
