"""Facts of PyTorch files: checkpoints of all ages, whole modules, TorchScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.bom import Basis
from violet.formats.pickle.calls import MAPPINGS
from violet.formats.pickle.values import Call, Dict, Global, Value
from violet.provenance.bom.pickles import Graph, Tensor, is_tensor_maker, tensor
from violet.provenance.bom.tensors import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from violet.provenance.bom.observation import Notes

NOT_THE_MODEL = frozenset(
    "optimizer optimizers optimizer_state optimizer_states optimizer_state_dict optim optim_state optimizer_state_dicts"
    " lr_scheduler lr_schedulers scheduler schedulers scheduler_state_dict amp amp_state scaler grad_scaler"
    " callbacks loops rng_state rng_states random_states ema ema_state_dict state_dict_ema model_ema".split()
)
"""Keys of checkpoints under which tensors stand that belong to the training, or that double those of the model."""
HYPERPARAMETERS = ("hyper_parameters", "hparams", "args", "config", "cfg", "hyperparameters", "train_args")
PROGRESS = ("epoch", "global_step", "step", "iteration", "best_acc1", "best_score")
NAMES = ("arch", "architecture", "model_name", "model_type")
MOST_HYPERPARAMETERS = 200


def checkpoint(notes: Notes, graph: Graph, key: str, sizes: Mapping[str, int] | None = None, room: int = 0) -> bool:
    """Note what a checkpoint holds; ``sizes`` are those of its storages in bytes, by key, where that is known, else
    ``room`` is what there is for all of them. Says whether there are tensors in it."""
    found = _tensors(graph)
    if not found:
        return False
    notes.add("weights", "torch", key)
    notes.add("framework", "PyTorch", key, Basis.MEASURED)
    notes.add("component", ("torch", "", ""), key)
    own = [t for t in found if not NOT_THE_MODEL.intersection(t.path)]
    basis = Basis.MEASURED
    if graph.stream.broken:
        basis = Basis.CLAIMED
        notes.gap(f"{key}: the pickle breaks ({graph.stream.broken})")
    wrong = next((t for t in own if _impossible(t, sizes)), None)
    if wrong is not None:
        basis = Basis.CLAIMED
        notes.gap(f"{key}: the tensor {'.'.join(wrong.path)[:100] or '?'} does not fit its storage")
    elif sizes is None and sum({t.storage: t.stored * (t.width or 1) for t in found}.values()) > room:
        basis = Basis.CLAIMED
        notes.gap(f"{key}: the file has no room for the storages that it names")
    if graph.cut:
        basis = Basis.CLAIMED
        notes.gap(f"{key}: it holds more values than are followed, so the counts are too low")
    claimed = {t.region: (t.dtype, t.size) for t in own}
    count(notes, _once(own) if wrong is None else claimed.values(), key, basis)
    if len(found) > len(own):
        extra = f"{len(found) - len(own)} tensors, {sum(t.size for t in found) - sum(t.size for t in own)} elements"
        notes.add("property", ("torch:not-the-model", extra), key, Basis.MEASURED)
    _architecture(notes, graph, key)
    _training(notes, graph, key)
    return True


def _once(tensors: Iterable[Tensor]) -> list[tuple[str, int]]:
    """Type and elements of each distinct tensor. Those on one storage have no more elements together than that: views
    of it in many shapes store nothing new."""
    left: dict[str, int] = {}
    found: list[tuple[str, int]] = []
    for made in {t.region: t for t in tensors}.values():
        room = left.setdefault(made.storage, made.stored)
        found.append((made.dtype, min(made.size, room)))
        left[made.storage] = room - min(made.size, room)
    return found


def _tensors(graph: Graph) -> list[Tensor]:
    """Every tensor that the pickle builds."""
    calls = {id(call): tensor(path, call) for path, call in graph.walk()}
    found = {key: made for key, made in calls.items() if made is not None}
    if graph.cut:
        # Of a large dictionary only the beginning is kept; what was built is in the memo all the same.
        for value in graph.memo.values():
            made = tensor((), value) if isinstance(value, Call) and id(value) not in found else None
            if made is not None:
                found[id(value)] = made
        built = sum(g.called for g in graph.stream.globals if g.module == "torch._utils" and is_tensor_maker(g.name))
        apart = any(NOT_THE_MODEL.intersection(made.path) for made in found.values())
        graph.cut = apart or len(found) < built
    return list(found.values())


def _impossible(made: Tensor, sizes: Mapping[str, int] | None) -> bool:
    if made.reach > made.stored:
        return True
    if sizes is None or not made.width:
        return False
    return sizes.get(made.storage, -1) < made.stored * made.width


def _architecture(notes: Notes, graph: Graph, key: str) -> None:
    """The class of a module that was saved as a whole, and the classes of its parts."""
    modules = [call for _, call in graph.walk() if {"_modules", "_parameters"} <= graph.attributes(call).keys()]
    if not modules and isinstance(graph.result, Call) and isinstance(graph.result.target, Global):
        if graph.result.target.module.startswith("__torch__"):  # TorchScript: classes compiled from its own code
            modules = [
                call
                for _, call in graph.walk()
                if isinstance(call.target, Global) and call.target.module.startswith("__torch__")
            ]
    for index, call in enumerate(modules):
        name = call.target.dotted.removeprefix("__torch__.") if isinstance(call.target, Global) else ""
        if not index:
            notes.add("architecture", name, key, Basis.MEASURED)
        notes.add("classes", name, key, Basis.MEASURED)


def _training(notes: Notes, graph: Graph, key: str) -> None:
    """What checkpoints say of their training, beside the tensors: hyper-parameters, progress, versions."""
    top = graph.attributes(graph.result)
    version = top.get("pytorch-lightning_version")
    if isinstance(version, str):
        notes.add("component", ("lightning", version, ""), f"{key}.pytorch-lightning_version")
    for name in NAMES:
        if isinstance(top.get(name), str):
            notes.add("architecture", top[name], f"{key}.{name}")
    for name in PROGRESS:
        if isinstance(top.get(name), (int, float)):
            notes.add("property", (f"torch:{name}", str(top[name])), f"{key}.{name}")
    for name in HYPERPARAMETERS:
        if isinstance(top.get(name), (Dict, Call)):
            _hyperparameters(notes, graph, top[name], f"{key}.{name}")


def _hyperparameters(notes: Notes, graph: Graph, value: Value, key: str) -> None:
    if isinstance(value, Call) and isinstance(value.target, Global) and value.target.dotted.startswith("torch._utils"):
        return
    named = value.target.dotted if isinstance(value, Call) and isinstance(value.target, Global) else ""
    if named and named not in MAPPINGS and value.state is None:
        return
    for name, item in list(graph.attributes(value).items())[:MOST_HYPERPARAMETERS]:
        if item is None or isinstance(item, (str, int, float, bool)):
            notes.add("hyperparameters", (name, str(item)), f"{key}.{name}")
