"""Walk a skops schema: which classes, functions and methods loading it would import and call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from violet.formats.base import Defect, Parsed
from violet.formats.keras.facts import visible
from violet.formats.skops.facts import SkopsFacts, SkopsNode

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_TEXT = 64 << 20
MOST_NODES = 5_000_000
MOST_KEPT = 20_000
LOADERS = frozenset(
    "DictNode DefaultDictNode ListNode SetNode TupleNode BytesNode BytearrayNode SliceNode FunctionNode "
    "MethodNode PartialNode TypeNode ConstructorFromReduceNode ObjectNode JsonNode OperatorFuncNode "
    "CachedNode NdArrayNode MaskedArrayNode RandomStateNode RandomGeneratorNode DTypeNode SparseMatrixNode "
    "ReduceNode TreeNode SGDNode LossNode _DictWithDeprecatedKeysNode QuantileForestNode".split()
)


def read(source: Source, reading: Reading) -> Parsed:
    """Parse the schema and keep one node of each kind. Text that is no JSON is a ``malformed`` defect."""
    facts = SkopsFacts()
    parsed = Parsed(facts=facts)
    data = source.read(0, MOST_TEXT + 1)
    if len(data) > MOST_TEXT:
        parsed.unexamined.append(f"a schema of more than {MOST_TEXT:,} bytes")
        return parsed
    repeated: list[str] = []
    shadowed: list[object] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) < len(items):
            last: dict[str, object] = {}
            for key, value in items:
                if key in last and last[key] != value:
                    repeated.append(key)
                    shadowed.append(dict(found, **{key: last[key]}))
                last[key] = value
        return found

    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass").removeprefix("\ufeff")
        value = json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        parsed.defects.append(Defect("malformed", "The schema nests too deep to be read", key="nesting"))
        parsed.unexamined.append("a schema that nests too deep")
        return parsed
    except ValueError as error:
        parsed.defects.append(Defect("malformed", f"The schema is no JSON: {error}", key="json"))
        parsed.unexamined.append("a schema that is no JSON")
        return parsed
    for key in dict.fromkeys(repeated):
        message = f"The key {key!a} stands twice in one object, with different values"
        parsed.defects.append(
            Defect("contradiction", message, key=f"repeated:{visible(key, 80)}", evidence=visible(key, 80))
        )
    if isinstance(value, dict):
        facts.protocol = value.get("protocol")
        facts.version = str(value.get("_skops_version", ""))
    _Walk(facts, parsed, reading).run([value, *shadowed])
    return parsed


class _Walk:
    def __init__(self, facts: SkopsFacts, parsed: Parsed, reading: Reading) -> None:
        self.facts = facts
        self.parsed = parsed
        self.reading = reading
        self.seen: set[tuple[str, str, str, str]] = set()

    def run(self, roots: list[object]) -> None:
        pending: list[tuple[object, str]] = [(root, "$") for root in reversed(roots)]
        count = 0
        while pending:
            item, here = pending.pop()
            count += 1
            if count > MOST_NODES:
                self.parsed.unexamined.append(f"values of the schema after the first {MOST_NODES:,}")
                break
            if isinstance(item, dict):
                if "__loader__" in item or "__class__" in item:
                    self.node(item, here)
                children: list[tuple[object, str]] = [
                    (inner, f"{here}.{visible(key, 80)}")
                    for key, inner in item.items()
                    if isinstance(inner, (dict, list))
                ]
            elif isinstance(item, list):
                children = [(inner, f"{here}[{i}]") for i, inner in enumerate(item) if isinstance(inner, (dict, list))]
            else:
                continue
            pending.extend(reversed(children))
        self.reading.meter.operate(count)

    def node(self, item: dict[str, object], here: str) -> None:
        loader, module, name = (item.get(key) for key in ("__loader__", "__module__", "__class__"))
        for key, value in (("__loader__", loader), ("__module__", module), ("__class__", name)):
            if value is not None and not isinstance(value, str):
                message = f"{key} at {here} is no text"
                self.parsed.defects.append(Defect("malformed", message, key=key))
        call = self.call(str(loader), item)
        key_of = (visible(str(loader or "")), visible(str(module or "")), visible(str(name or "")), visible(call))
        if key_of in self.seen:
            return
        self.seen.add(key_of)
        self.facts.types += 1
        if len(self.facts.nodes) < MOST_KEPT:
            self.facts.nodes.append(SkopsNode(here, *key_of))
        elif len(self.facts.nodes) == MOST_KEPT and not self.parsed.unexamined:
            self.parsed.unexamined.append(f"types of the schema after the first {MOST_KEPT:,}")
        if loader is not None and loader not in LOADERS and isinstance(loader, str):
            message = f"The loader {loader!a} at {here} is none that skops has"
            self.parsed.defects.append(Defect("malformed", message, key=f"loader:{visible(loader, 80)}"))
        if loader == "MethodNode":
            self.method(item, here)

    def call(self, loader: str, item: dict[str, object]) -> str:
        """What a node calls, as far as it stands there in plain text."""
        content = item.get("content")
        if loader == "MethodNode" and isinstance(content, dict):
            return str(content.get("func", ""))
        if loader == "PartialNode" and isinstance(content, dict) and isinstance(content.get("func"), dict):
            return _named(content["func"])
        if loader in ("OperatorFuncNode", "ConstructorFromReduceNode"):
            return _arguments(item.get("attrs" if loader == "OperatorFuncNode" else "content"))
        if loader == "RandomGeneratorNode":
            return _bit_generator(content)
        return ""

    def method(self, item: dict[str, object], here: str) -> None:
        """The class that a method node declares must be that of its object (CVE-2025-54413)."""
        content = item.get("content")
        owner = content.get("obj") if isinstance(content, dict) else None
        if not isinstance(owner, dict):
            return
        said = (item.get("__module__"), item.get("__class__"))
        real = (owner.get("__module__"), owner.get("__class__"))
        if said != real and None not in real:
            claim, evidence = (visible(f"{pair[0]}.{pair[1]}") for pair in (said, real))
            message = f"The method at {here} says it is of {claim}, and its object is {evidence}"
            self.parsed.defects.append(Defect("contradiction", message, key=f"method:{evidence}", evidence=evidence))


def _named(item: dict[str, object]) -> str:
    return f"{item.get('__module__', '')}.{item.get('__class__', '')}"


def _bit_generator(content: object) -> str:
    """The name that is looked up in ``numpy.random`` and called."""
    item = content
    for key in ("bit_generator", "content", "bit_generator", "content"):
        item = item.get(key) if isinstance(item, dict) else None
    return str(item)[:100].strip('"') if isinstance(item, str) else ""


def _arguments(item: object) -> str:
    """The literal arguments of a call, up to four of them."""
    found: list[str] = []
    pending = [item]
    while pending and len(found) < 4:
        value = pending.pop(0)
        if isinstance(value, dict):
            content = value.get("content")
            if value.get("__loader__") == "JsonNode" and isinstance(content, str):
                found.append(content[:120])
            elif content is not None:
                pending.append(content)
            elif "__class__" in value:
                found.append(_named(value))
        elif isinstance(value, list):
            pending.extend(value[:8])
    return ", ".join(found)
