"""The use case: profile data into a file, count more against the same bins, add profiles up."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.drift import ProfileSummary
from violet.domain.errors import UsageError
from violet.domain.whole_file import whole_file

if TYPE_CHECKING:
    from violet.detectors.profile.chunk import Chunk
    from violet.detectors.profile.profile import Profile
    from violet.services.drifting.options import ProfileOptions
    from violet.services.drifting.reading import Source

    Progress = Callable[[int, int, str], None]


class Chain:
    """Several files as one, in the order they were named."""

    def __init__(self, sources: list[Source]) -> None:
        self.path = sources[0].path if len(sources) == 1 else f"{sources[0].path} and {len(sources) - 1} more"
        self.rows = sum(source.rows for source in sources)
        self.exact = all(source.exact for source in sources)
        self._sources = sources

    def chunks(self) -> Iterator[Chunk]:
        first = 0
        for source in self._sources:
            for chunk in source.chunks():
                yield replace(chunk, first=first)
                first += chunk.rows


def make_profile(
    options: ProfileOptions, *, progress: Progress | None = None, command: str = "", version: str = ""
) -> ProfileSummary:
    """Write the profile that ``options`` ask for. Raises ``VioletError`` where something cannot be read, ``UsageError``
    for what does not fit."""
    from violet.detectors.profile.file import is_profile, profile_bytes

    begun = time.monotonic()
    profiles = [path for path in options.paths if is_profile(path)]
    notes: list[str] = []
    if profiles and len(profiles) == len(options.paths):
        profile = _added(options)
    elif profiles:
        raise UsageError(
            f"{profiles[0]} is a profile, and other files are data.",
            "Profile the data first, with --like, then add up.",
        )
    else:
        profile, notes = _counted(options, progress)
    facts = {"source": ", ".join(os.path.basename(path) for path in options.paths)[:1000], "version": version}
    facts["roles"] = options.roles.as_text()
    content = profile_bytes(profile, facts)
    try:
        with whole_file(options.output) as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{options.output} cannot be written: {error.strerror}.") from error
    layout = profile.layout
    reference = layout.reference
    return ProfileSummary(
        source=", ".join(options.paths),
        output=options.output,
        size=len(content),
        digest="sha256:" + hashlib.sha256(content).hexdigest(),
        layout=layout.digest,
        rows=profile.rows,
        numbers=tuple(column.name for column in layout.numbers),
        categories=tuple(column.name for column in layout.categories),
        texts=layout.texts,
        vectors=tuple(column.name for column in layout.vectors),
        answers=int(profile.outputs.answers.sum()),
        labelled=int(profile.outputs.known.sum()),
        windows=len(profile.parts),
        reference=reference is not None,
        kept_rows=len(reference.sample) if reference is not None else 0,
        notes=tuple(notes),
        seed=layout.seed,
        command=command,
        seconds=time.monotonic() - begun,
    )


def _counted(options: ProfileOptions, progress: Progress | None) -> tuple[Profile, list[str]]:
    from violet.detectors.profile.file import load_profile
    from violet.services.drifting.count import count_current, count_reference
    from violet.services.drifting.reading import open_source

    if options.like:
        known, _ = load_profile(options.like)
        layout = known.layout
        sources = [open_source(path, options.roles, frozenset(layout.texts)) for path in options.paths]
        counted = count_current(Chain(sources), layout, progress=progress)
        present = {name for name, rows in zip(layout.names, counted.profile.present, strict=True) if rows}
        if not present:
            raise UsageError(f"{options.paths[0]} has no column of {options.like}.")
        missing = [f"{name} is not in it" for name in layout.names if name not in present]
        return counted.profile, [*missing, *(f"{name} {why}" for name, why in counted.notes.items())]
    sources = [open_source(path, options.roles) for path in options.paths]
    counted = count_reference(
        Chain(sources),
        segments=options.segments,
        columns=options.roles.columns,
        keep=options.keep,
        seed=options.seed,
        progress=progress,
    )
    return counted.profile, [f"{name} was left out: it {why}" for name, why in counted.notes.items()]


def _added(options: ProfileOptions) -> Profile:
    from violet.detectors.profile.file import load_profile

    total: Profile | None = None
    for path in options.paths:
        profile, _ = load_profile(path)
        if total is not None and profile.layout.digest != total.layout.digest:
            raise UsageError(
                f"{path} was counted against other bins than {options.paths[0]}.", "Make both with the same --like."
            )
        total = profile if total is None else total + profile
    if total is None:
        raise UsageError("There is nothing to profile.", "Give a file of data.")
    return total
