"""Pickles that are proven to hold tensors only become safetensors.

## What it changes
For ``model.pt`` it writes ``model.safetensors`` beside it: a PyTorch checkpoint (both layouts), a bare pickle or
joblib dump of NumPy arrays, or an .npy or .npz file with pickled arrays. The original stays, unless ``--replace`` is
given: then it is renamed to ``model.pt.quarantined``.

## When it is exact
The file is proven without being executed (decision 0016): every object in it is a tensor, an array, a plain
container or a plain value, made by reconstruction calls whose meaning is exactly known, and the pickle machine saw
nothing else. The bytes of every tensor are hashed as the source gives them, row by row and little-endian, and again
as they stand in what was written. How containers were nested, and plain values, are kept in the metadata.

## What it refuses
Everything else, with the object or call that prevents it and where it stands: calls that the proof does not know,
object arrays, structured types, quantised and sparse tensors, storages that do not fit, views that would multiply the
file, files that change meanwhile, symbolic links, and targets that exist already with other content.

## Undo
``violet fix --undo JOURNAL`` removes what was written and gives the original its name back.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.actions.base import Action, Plan, Planned, Settings, Target
from violet.actions.journal import QUARANTINE, file_digest
from violet.domain import Digest
from violet.domain.fix import Conversion, ConvertedTensor, Fix, Unfixed
from violet.engine.sandbox import Death, Job, Limits, run
from violet.formats.proof import convert

if TYPE_CHECKING:
    from violet.actions.journal import Journal

ID = "convert-to-safetensors"
SUFFIX = ".safetensors"
SUFFIXES = (
    ".pkl .pickle .pck .pckl .p .pk .joblib .jl .dill .pt .pth .ckpt .th .t7 .bin .model .mdl .sav .optim .npy .npz .z"
    " .tar .data .dat .params .weights"
).split()
BYTES_PER_SECOND = 20 << 20
"""Speed that large files are granted on top of the time for each file."""
_DOUBLE_SUFFIXES = (".pth.tar", ".pt.tar", ".joblib.z")


def concerns(name: str) -> bool:
    lowered = name.lower()
    dot = lowered.rfind(".")
    return dot <= 0 or lowered[dot:] in SUFFIXES


def payload(target: Target, settings: Settings) -> Any:
    return [target.path, settings.tied]


def plan(target: Target, answer: Any, settings: Settings) -> Plan:
    refused = answer.get("refused")
    if refused is not None:
        kind, reason, offset, call, advice = refused
        if kind == "nothing-to-do":
            return Plan()
        return Plan(unfixed=(_unfixed(target, reason, advice, call, offset),))
    proven = answer["proven"]
    conversion = _conversion(target, proven)
    problem = _in_the_way(target, conversion, settings)
    if problem:
        return Plan(unfixed=(problem,))
    fix = Fix(ID, target.shown, conversion.before, conversion=conversion)
    return Plan((Planned(fix, proven),))


def _unfixed(target: Target, reason: str, advice: str = "", call: str = "", offset: int | None = None) -> Unfixed:
    shown = f"it cannot be converted: {reason}"
    otherwise = f"Look at it with: violet scan {target.shown} (and ask whoever made it for weights in safetensors)"
    return Unfixed(ID, target.shown, shown, advice or otherwise, call, offset=offset)


def target_name(path: str) -> str:
    """The name of what is written for ``path``."""
    folder, name = os.path.split(path)
    for double in _DOUBLE_SUFFIXES:
        if name.lower().endswith(double) and len(name) > len(double):
            return os.path.join(folder, name[: -len(double)] + SUFFIX)
    stem, suffix = os.path.splitext(name)
    return os.path.join(folder, (stem if suffix.lower() in SUFFIXES else name) + SUFFIX)


def _conversion(target: Target, proven: dict[str, Any]) -> Conversion:
    begin, digests = proven["begin"], proven["digests"]
    tensors = tuple(
        ConvertedTensor(name, dtype, tuple(shape), end - at, digests[name], kind, begin + at, source_offset)
        for name, dtype, shape, at, end, source_offset, kind in proven["tensors"]
    )
    contents = convert.contents_digest({t.name: (t.dtype, t.shape, t.digest) for t in tensors})
    return Conversion(
        source=target.shown,
        target=target_name(target.shown),
        layout=proven["layout"],
        before=Digest("sha256", proven["file"]),
        contents=Digest("sha256", contents),
        tensors=tuple(sorted(tensors, key=lambda tensor: tensor.name)),
        calls=tuple(sorted(proven["calls"].items())),
        plain=tuple((place, value) for place, value in proven["plain"]),
        plain_count=proven["plain_count"],
        aliases=tuple(proven["aliases"].items()),
    )


def _in_the_way(target: Target, conversion: Conversion, settings: Settings) -> Unfixed | None:
    """What already has one of the names that are needed."""
    wanted = target_name(target.path)
    if os.path.lexists(wanted):
        reason = f"{os.path.basename(wanted)} exists already"
        return _unfixed(target, reason, f"Compare the two, move one of them away, and run: violet fix {target.shown}")
    aside = target.path + QUARANTINE
    if settings.replace and os.path.lexists(aside):
        return _unfixed(target, f"{os.path.basename(aside)} exists already", "Move it away.")
    return None


def apply(planned: Planned, target: Target, settings: Settings, journal: Journal) -> Fix | Unfixed:
    proven = planned.detail
    conversion = planned.fix.conversion
    assert conversion is not None
    wanted = target_name(target.path)
    temporary = journal.temporary(wanted)
    try:
        problem, after = _write(proven, conversion, target, settings, temporary)
        if problem:
            return _unfixed(target, problem, "Run it again when nothing else writes the file.")
        os.chmod(temporary, stat.S_IMODE(os.lstat(target.path).st_mode) & 0o666)
        try:
            journal.create(temporary, wanted, after)
        except FileExistsError:
            return _unfixed(target, f"{os.path.basename(wanted)} appeared meanwhile", "Move it away.")
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    aside = ""
    if settings.replace:
        aside = target.shown + QUARANTINE
        status = os.lstat(target.path)
        state = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        if state != proven["state"]:
            return _unfixed(target, "it was written, but the original changed and was left where it is")
        journal.move(target.path, target.path + QUARANTINE, conversion.before.value)
    digest = Digest("sha256", after)
    done = replace(conversion, after=digest, quarantined=aside)
    return replace(planned.fix, after=digest, conversion=done)


def _write(
    proven: dict[str, Any], conversion: Conversion, target: Target, settings: Settings, temporary: str
) -> tuple[str, str]:
    """Have it written and read back, each by a worker of its own. Why that failed, or ``""`` and the digest."""
    expected = {key: proven[key] for key in ("file", "state", "plan")}
    written = _work(convert.write, [target.path, settings.tied, temporary, expected], conversion, settings)
    if "refused" in written:
        return str(written["refused"][1]), ""
    if written.get("source") != conversion.before.value:
        return "the file changed while it was converted", ""
    read = _work(convert.read_back, [temporary], conversion, settings)
    if "refused" in read:
        return str(read["refused"][1]), ""
    wanted = {t.name: [t.dtype, list(t.shape), t.digest, t.offset] for t in conversion.tensors}
    if read["tensors"] != wanted:
        wrong = sorted(name for name in wanted if read["tensors"].get(name) != wanted[name])
        return f"the tensor {wrong[0] if wrong else '?'!r} was not written as it was read", ""
    return "", file_digest(temporary)


def _work(work: Any, payload: list[Any], conversion: Conversion, settings: Settings) -> dict[str, Any]:
    size = conversion.size + (1 << 20) + (128 << 20)
    seconds = settings.timeout + 4 * size / BYTES_PER_SECOND
    limits = Limits(memory=settings.memory, seconds=seconds, spill=max(size, 9 << 30))
    for _, answer in run(work, [Job(payload, size, seconds)], limits=limits):
        if isinstance(answer, Death):
            return {"refused": ["death", f"the process that did it {answer.reason}", None, "", ""]}
        if isinstance(answer, dict):
            return answer
    return {"refused": ["death", "the process that did it gave no answer", None, "", ""]}


ACTION = Action(
    id=ID,
    title="Convert pickles that hold only tensors to safetensors",
    group="convert",
    undo="Removes the safetensors file, and gives a quarantined original its name back.",
    concerns=concerns,
    payload=payload,
    examine=convert.examine,
    plan=plan,
    apply=apply,
)
