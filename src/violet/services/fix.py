"""Put right what can be put right exactly, say what cannot and why, and keep what takes it back.

Every file is looked at in a worker process, as in a scan. What an action plans is shown in a rehearsal, or applied
file by file with a journal; an interrupted run leaves every file old or new.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.actions.base import GROUPS, Action, Plan, Settings, Target, actions
from violet.actions.journal import ChangedError, Journal, default_directory, undo
from violet.domain import Failed, Skipped, UsageError, VioletError
from violet.domain.fix import Fix, FixReport, UndoReport, Unexamined, Unfixed
from violet.engine.sandbox import Death, Job, Limits, run
from violet.services.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.services.configuration import Configuration
    from violet.services.options import IgnoreSource

    Progress = Callable[[int, int, str], None]
    Attestor = Callable[[Fix, str], str]

BYTES_PER_SECOND = 20 << 20
MOST_EDITS = 500
"""Edits of one file that a statement lists."""
LAST = "last"
"""What ``--undo`` takes for the newest journal of the usual place."""


@dataclass(frozen=True, slots=True)
class FixOptions:
    """What is asked: ``paths`` are files and directories; ``only`` names groups of actions (empty: all);
    ``backup`` is the directory for journals and kept originals (``""``: the usual one); ``attest`` signs what was
    made of what (see ``attestor``)."""

    paths: tuple[str, ...]
    only: tuple[str, ...] = ()
    dry_run: bool = False
    backup: str = ""
    jobs: int = 0
    settings: Settings = field(default_factory=Settings)
    attest: Attestor | None = None
    ignore: tuple[IgnoreSource, ...] = ()
    configuration: tuple[str, ...] = ()


def fix(options: FixOptions, progress: Progress | None = None) -> FixReport:
    """Plan, and unless it is a rehearsal apply, what ``options`` ask for. Raises ``UsageError`` for a path that does
    not exist, and ``VioletError`` where no journal can be kept."""
    if not options.paths:
        raise UsageError("There is nothing to fix.", "Name a file or a directory: violet fix PATH")
    chosen = _chosen(options.only)
    targets, unexamined, unfixed = _targets(options, chosen)
    plans = _plans(targets, chosen, options, progress, unexamined)
    fixes: list[Fix] = []
    journal = Journal(options.backup)
    for target, action, plan in plans:
        unfixed.extend(plan.unfixed)
        for planned in plan.planned:
            if options.dry_run:
                fixes.append(planned.fix)
                continue
            if progress is not None:
                progress(len(fixes), len(plans), target.shown)
            done = _applied(action, planned, target, options.settings, journal)
            if isinstance(done, Fix):
                fixes.append(_attested(done, target, options.attest, journal, unfixed))
            else:
                unfixed.append(done)
    return FixReport(
        version=__version__,
        rehearsed=options.dry_run,
        files=len(targets),
        fixes=tuple(fixes),
        unfixed=tuple(sorted(unfixed, key=lambda item: (item.path, item.line))),
        unexamined=tuple(unexamined),
        journal=journal.path,
    )


def settings(**given: Any) -> Settings:
    """What every action is asked, for faces."""
    return Settings(**given)


def take_back(journal: str) -> UndoReport:
    """Undo what a journal records. Raises ``UsageError`` where there is none."""
    path = _last() if journal == LAST else journal
    restored, unfixed = undo(path)
    return UndoReport(path, restored, unfixed)


def attestor(configuration: Configuration, key_file: str = "") -> Attestor:
    """What signs a derivation statement for a fix, the result of which is at a path, and gives the path of its
    envelope: a conversion, or the repair of a text. The key is loaded at once. Raises ``UsageError`` and
    ``KeyFileError``."""
    from violet.domain.provenance import Identity
    from violet.services.attest import attest_derivation, signing_key, stores_for

    key = signing_key(configuration, key_file)

    def attest(done: Fix, path: str) -> str:
        assert done.after is not None
        made = Identity(os.path.basename(path), done.after, os.path.getsize(path))
        source = Identity(os.path.basename(done.path), done.before, 0)
        relation = "repair" if done.conversion is None else "conversion"
        parameters, note = _told(done)
        store = stores_for(path, configuration)[0]
        return attest_derivation(made, [source], relation, key, store, parameters=parameters, note=note).path

    return attest


def _told(done: Fix) -> tuple[dict[str, Any], str]:
    """What a statement says of a fix besides the digests."""
    conversion = done.conversion
    if conversion is None:
        edits = [{"line": edit.line, "cell": edit.cell, "summary": edit.summary} for edit in done.edits[:MOST_EDITS]]
        return {"action": done.action, "edits": len(done.edits), "summaries": edits}, "Rewritten where that is exact."
    told = {
        "action": done.action,
        "layout": conversion.layout,
        "contents": str(conversion.contents),
        "tensors": len(conversion.tensors),
        "bytes": conversion.size,
        "plainValues": conversion.plain_count,
        "calls": dict(conversion.calls),
    }
    return told, "Proven to hold tensors only, and converted without being executed."


def _attested(done: Fix, target: Target, attest: Attestor | None, journal: Journal, unfixed: list[Unfixed]) -> Fix:
    """A fix with its attestation, where one is asked for."""
    if attest is None or done.after is None:
        return done
    path = target.path
    if done.conversion is not None:
        path = os.path.join(os.path.dirname(path), os.path.basename(done.conversion.target))
    try:
        envelope = attest(done, path)
        journal.created(envelope)
    except (VioletError, OSError) as error:
        reason = error.diagnostics() if isinstance(error, VioletError) else str(error.strerror or error)
        problem = f"it was changed, but not attested: {reason.rstrip('.')}"
        unfixed.append(Unfixed(done.action, target.shown, problem, "Attest it: violet attest derivation"))
        return done
    return replace(done, attestation=envelope)


def _last() -> str:
    base = default_directory()
    try:
        names = sorted(os.listdir(base))
    except OSError:
        names = []
    if not names:
        raise UsageError(f"There is no journal in {base}.", "Name the one that violet fix printed.")
    return os.path.join(base, names[-1])


def _chosen(only: tuple[str, ...]) -> list[Action]:
    for word in only:
        if word not in GROUPS:
            raise UsageError(f"--only: {word!r} is no kind of fix.", f"Use one or more of {', '.join(GROUPS)}.")
    return [action for action in actions().values() if not only or action.group in only]


def _targets(options: FixOptions, chosen: list[Action]) -> tuple[list[Target], list[Unexamined], list[Unfixed]]:
    """Files that some action concerns, what could not be looked at, and what must not be touched."""
    walk = Walk(options.ignore, options.configuration)
    unexamined: list[Unexamined] = []
    unfixed: list[Unfixed] = []
    roots: list[str] = []
    for path in options.paths:
        if os.path.islink(path):
            unfixed.append(_link(path))
            continue
        roots.append(path)
        walk.add(path)
    for outcome in walk.outcomes:
        if isinstance(outcome, Failed):
            unexamined.append(Unexamined(outcome.location.path, outcome.error))
        elif isinstance(outcome, Skipped) and outcome.what == "directory":
            unexamined.append(Unexamined(outcome.location.path, outcome.reason))
    targets: list[Target] = []
    for found in walk.targets:
        if not any(action.concerns(os.path.basename(found.path)) for action in chosen):
            continue
        if _through_link(found.path, found.root):
            unfixed.append(_link(found.shown))
            continue
        targets.append(Target(found.path, found.shown, found.size))
    targets.sort(key=lambda target: target.shown)
    return targets, unexamined, unfixed


def _through_link(path: str, root: str) -> bool:
    """Whether some step below the root that the user named is a symbolic link."""
    relative = os.path.relpath(path, root)
    return os.path.realpath(path) != os.path.normpath(os.path.join(os.path.realpath(root), relative))


def _link(shown: str) -> Unfixed:
    reason = "it is a symbolic link, and what it leads to may belong to others"
    return Unfixed("fix", shown, reason, f"Name the file itself: violet fix {os.path.realpath(shown)}")


def _plans(
    targets: list[Target],
    chosen: list[Action],
    options: FixOptions,
    progress: Progress | None,
    unexamined: list[Unexamined],
) -> list[tuple[Target, Action, Plan]]:
    work = [
        (target, action) for target in targets for action in chosen if action.concerns(os.path.basename(target.path))
    ]
    settings = options.settings
    jobs = [
        Job(
            [action.id, action.payload(target, settings)],
            target.size,
            settings.timeout + 3 * target.size / BYTES_PER_SECOND,
        )
        for target, action in work
    ]
    limits = Limits(memory=settings.memory, seconds=settings.timeout)
    plans: list[tuple[Target, Action, Plan] | None] = [None] * len(work)
    for done, (index, answer) in enumerate(run(examine, jobs, workers=options.jobs or 1, limits=limits), 1):
        target, action = work[index]
        reason = ""
        if isinstance(answer, Death):
            reason = f"the process that examined it {answer.reason}"
        else:
            try:
                plan = action.plan(target, answer, settings)
                plans[index] = (target, action, plan)
                reason = plan.unexamined
            except ChangedError:
                reason = "it changed while it was examined"
            except OSError as error:
                reason = f"it cannot be read: {error.strerror or error}"
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                reason = f"the process that examined it sent something that is no answer ({type(error).__name__})"
        if reason:
            unexamined.append(Unexamined(target.shown, reason))
        if progress is not None:
            progress(done, len(jobs), target.shown)
    return [plan for plan in plans if plan is not None]


def examine(payload: list[Any]) -> Any:
    """What a worker does for one file and action."""
    name, inner = payload
    return actions()[name].examine(inner)


def _applied(action: Action, planned: Any, target: Target, settings: Settings, journal: Journal) -> Fix | Unfixed:
    problem = ""
    try:
        if not stat.S_IMODE(os.lstat(target.path).st_mode) & 0o222:
            problem, advice = "it is read-only", f"Allow writing, and run it again: chmod u+w {target.shown}"
        else:
            return action.apply(planned, target, settings, journal)
    except ChangedError:
        problem, advice = "it changed after it was examined", "Run it again when nothing else writes the file."
    except VioletError:
        raise
    except OSError as error:
        problem, advice = f"the system refuses: {error.strerror or error}", "Put that right, and run it again."
    return Unfixed(action.id, target.shown, f"it was left as it is: {problem}", advice)
