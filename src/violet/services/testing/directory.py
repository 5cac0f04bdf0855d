"""The directory in which a long test keeps what it reached, so that it can be resumed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.engine.runs import RunDirectory
    from violet.services.testing.options import RobustnessOptions
    from violet.services.testing.run import Arena


@contextmanager
def claim(options: RobustnessOptions, arena: Arena) -> Iterator[RunDirectory | None]:
    """The run directory of these options, locked; ``None`` where none was asked for."""
    if not options.run:
        yield None
        return
    from violet.engine.runs import RunDirectory

    with RunDirectory(options.run, describe(options, arena), resume=options.resume) as run:
        yield run


def describe(options: RobustnessOptions, arena: Arena) -> dict[str, object]:
    """What must be the same for kept results to be those of this test. Time and workers need not be."""
    return {
        "model": options.target.location,
        "model_digest": arena.digest,
        "data": options.data.path,
        "data_digest": arena.data.digest,
        "threat": str(options.threat),
        "suite": options.suite,
        "samples": options.samples,
        "queries": options.queries,
        "seed": options.seed,
        "probes": options.probes,
        "attacks": list(options.attacks),
        "settings": [f"{name}={value}" for name, value in options.settings],
    }
