"""What the adaptive attack looks for first, and the runs that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from violet.attacks.gradient._apgd import climb, likeliest
from violet.attacks.gradient._bpda import Substitute
from violet.attacks.gradient._losses import margin
from violet.attacks.gradient._steps import pgd
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from violet.attacks.gradient._books import Answer, Books, Standing

AVERAGED = 10
"""Passes that are averaged where the model is seen to randomise."""


def adaptive(books: Books, *, steps: int, targets: int, bpda: str, eot: int) -> None:
    """Looks at the samples twice (two forward rows, one backward row each), then runs."""
    batch = books.open(3)
    if batch is None:
        return
    first = books.ask(batch, batch.x, margin)
    randomised, touched = _second_look(books, batch, first)
    n = len(books.x)
    books.extra["randomised"] = torch.full((n,), float(randomised))
    books.extra["substituted"] = torch.full((n,), float(touched))
    books.eot = max(1, eot or (AVERAGED if randomised else 1))
    flat = first.slope is not None and bool((first.slope.abs().sum(1) == 0).all())
    ways = {"on": [True], "off": [False]}.get(bpda) or ([False] if not touched else [True] if flat else [True, False])

    if books.norm is Norm.L0:
        for way in ways:
            books.substitute = Substitute() if way else None
            pgd(books, margin, steps=steps, restarts=books.phase + 1, step=0.0, momentum=0.0)
            books.phase += 1
        return
    books.substitute = Substitute() if ways[0] else None
    places = likeliest(books, targets) if targets > 0 else None
    runs = [(way, -1) for way in ways]
    runs += [(ways[0], place) for place in range(0 if places is None else places.shape[1])]
    begun = min(books.phase, len(runs) - 1)
    for run in range(begun, len(runs)):
        way, place = runs[run]
        standing = books.open()
        if standing is None:
            return
        books.phase = run
        books.substitute = Substitute() if way else None
        count = min(steps, books.affordable(standing) - 1)
        start = books.begin_at(standing) if books.resumed and run == begun else None
        toward = None if place < 0 or places is None else places[:, place]
        climb(
            books,
            standing,
            margin,
            steps=count,
            start=start,
            classes=None if toward is None else lambda left, toward=toward: toward.index_select(0, left.rows),  # type: ignore[misc, unused-ignore]
        )
        if books.stopped:
            return


def _second_look(books: Books, batch: Standing, first: Answer) -> tuple[bool, int]:
    """Whether the same inputs get another answer, and how many operations can be given another way back."""
    with torch.enable_grad(), Substitute() as mode:
        again = books.forward(batch.x.detach().requires_grad_(True)).detach()
    books.count(batch.rows)
    close = 1e-4 * first.logits.abs().amax().clamp_min(1e-30)
    return bool(((again - first.logits).abs() > close).any()), mode.touched
