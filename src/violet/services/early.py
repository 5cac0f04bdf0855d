"""A worker that is forked before the command line is even parsed.

Most of what scanning one file takes is loading Python modules: those that read files, and those that configure,
judge and report. The two halves hardly overlap, so with a worker forked at the very start they load side by
side, on two processors, and the worker is ready when the first job comes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from mmap import mmap

    from violet.engine.forked import Forked

_waiting: Forked | None = None


def begin(arguments: Sequence[str]) -> None:
    """Fork a worker where the arguments of ``violet scan`` look as if one would do: a single file.

    A guess, which costs a little where it is wrong: whoever scans takes the worker or leaves it.
    """
    global _waiting
    from violet.engine.forked import fork, safe

    named = [argument for argument in arguments if not argument.startswith("-")]
    wanted = len(named) == 1 and os.path.isfile(named[0]) and not {"-h", "--help"}.intersection(arguments)
    if not wanted or not safe() or _waiting is not None:
        return
    # What both halves need is loaded once, before they part.
    import json  # noqa: F401

    import violet.domain.asset
    import violet.domain.outcome
    import violet.engine.worker
    import violet.formats.source
    import violet.services.wire  # noqa: F401

    path = named[0]
    try:
        _waiting = fork(lambda requests, answers, position: _serve(path, requests, answers, position))
    except OSError:  # the scan itself will say so, if it fares no better
        return


def take() -> Forked | None:
    """The worker that waits, if there is one. The caller owns it."""
    global _waiting
    worker, _waiting = _waiting, None
    return worker


def discard() -> None:
    """End the worker that waits, if there is one."""
    worker = take()
    if worker is not None:
        worker.stop()


def _serve(path: str, requests: int, answers: int, position: mmap) -> None:
    """In the worker: load, then answer."""
    from violet.engine.worker import serve_early
    from violet.services.examination import examine_target, warm_up

    try:
        import violet.checks.examine
        import violet.services.wire  # noqa: F401

        warm_up([path], 1)
    except Exception:  # said again, and reported, when the file is examined
        pass
    serve_early(examine_target, requests, answers, position)
