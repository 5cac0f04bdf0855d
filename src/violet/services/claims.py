"""What a model says of its own origin: base models and runs that its configuration, card or header names.

Nobody vouches for these, so they are claims. They are read in a worker process with limits, as all content of
models is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from violet.domain.lineage import Edge
from violet.engine.sandbox import Death, Job, Limits, run

if TYPE_CHECKING:
    from violet.domain.provenance import Identity

NAMES = frozenset({"config.json", "adapter_config.json", "readme.md", "mlmodel", "model_index.json"})
SUFFIXES = (".gguf", ".safetensors")
MOST_FILES = 50
SECONDS = 30.0

_RELATIONS = {"adapter_config.json": "adapter"}


def claims_of(path: str, identity: Identity) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """Edges from the artifact to what it names (``name:...``), and sentences on what could not be read."""
    import violet.provenance.bom.facts  # noqa: F401  (what workers need is loaded before they are forked)
    from violet.provenance.bom.observation import decode

    files = [(f.path, os.path.join(path, *f.path.split("/")), f.size) for f in identity.files]
    files = files or [(identity.name, path, identity.size)]
    wanted = [f for f in files if _base(f[0]) in NAMES or f[0].lower().endswith(SUFFIXES)][:MOST_FILES]
    jobs = [Job([full, name.rpartition("/")[2]], size) for name, full, size in wanted]
    edges: dict[tuple[str, str], Edge] = {}
    notes = []
    for index, answer in run(read_claims, jobs, limits=Limits(seconds=SECONDS)) if jobs else ():
        name = wanted[index][0]
        try:
            if isinstance(answer, Death):
                raise ValueError(answer.reason)
            observations = decode(answer).observations
        except ValueError as error:
            notes.append(f"What {name} says of its origin could not be read: {error}.")
            continue
        for observation in observations:
            claim = _claimed(observation.fact, observation.value)
            if claim:
                relation = _RELATIONS.get(_base(name), claim[0])
                doubt = f"the model's own {name} says so, and nobody vouches for it"
                edge = Edge(str(identity.digest), f"name:{claim[1]}", relation, False, name, (), doubt)
                edges.setdefault((edge.parent, edge.relation), edge)
    return tuple(edges[key] for key in sorted(edges)), tuple(sorted(notes))


def read_claims(payload: list[Any]) -> list[Any]:
    """What a worker does for one file."""
    from violet.provenance.bom.facts import file_facts
    from violet.provenance.bom.observation import encode

    path, name = payload
    return encode(file_facts(path, name))


def _claimed(fact: str, value: Any) -> tuple[str, str] | None:
    if fact == "base_models":
        return "base-model", str(value)
    if fact == "property" and value and str(value[0]).endswith("run_id"):
        return "made-by", str(value[1])
    return None


def _base(name: str) -> str:
    return name.rpartition("/")[2].lower()
