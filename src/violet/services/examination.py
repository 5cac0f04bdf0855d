"""What a worker does: examine one file, after loading what that will need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def examine_target(payload: list[Any]) -> list[Any]:
    """Examine the file that ``payload`` names: path, shown path, logical path, root, deep, bounds by name, and the
    directory of imported advisories (``""``: the user's own)."""
    from violet.checks.examine import examine_file
    from violet.services.wire import encode

    path, shown, logical, root, deep, overrides, intel = payload
    if intel:
        os.environ["VIOLET_INTEL_DIRECTORY"] = intel  # of this worker, for the check that looks packages up
    bounds = None
    if overrides:
        from violet.formats.source import Bounds

        bounds = Bounds(**dict(overrides))
    examination = examine_file(path, shown=shown, logical_path=logical, root=root, deep=deep, bounds=bounds)
    return encode(examination)


def warm_up(paths: Iterable[str], workers: int) -> None:
    """Load what workers will need before they are forked, so that they share it.

    By the names of the files, which is a guess: what is missing is loaded where it is needed. Readers load
    their heavy parts when first used; where several workers will use one, reading nothing with it does that here.
    """
    from violet.checks.base import checks_for
    from violet.formats.base import Reading
    from violet.formats.registry import expected
    from violet.formats.source import Bounds, BytesSource, Meter

    names = {name.rpartition(".")[2]: name for name in (path.rpartition(os.sep)[2] for path in paths)}
    likely = {entry.id: entry for name in names.values() for entry in expected(name)}
    bounds = Bounds()
    for entry in likely.values():
        checks_for(entry.id)
        if workers > 1 and entry.read is not None:
            try:
                entry.read(BytesSource(b""), Reading("", bounds, Meter(bounds)))
            except Exception:  # whatever it says about an empty file is of no interest here
                continue
