"""Walk a Keras configuration: every object it would make, the code it carries, the files it opens."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from violet.formats.base import Child, Defect, Parsed, Relation
from violet.formats.keras.code import decode
from violet.formats.keras.facts import KerasFacts, KerasObject, LambdaCode, PathValue, visible
from violet.formats.source import BytesSource

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_TEXT = 32 << 20
MOST_NODES = 2_000_000
MOST_LISTED = 20_000
MOST_SHADOWED = 1000
"""Values hidden by a later one of the same key that are looked at; more than that is damage enough."""

_FUNCTION_SLOTS = ("function", "output_shape", "mask")
_VOCABULARY_KEYS = frozenset({"vocabulary", "vocabulary_file", "merges", "proto", "vocab_file", "idf_weights"})
_PATH_KEYS = frozenset(
    "filepath file_path filename file fname path uri url origin source_url cache_dir cache_subdir weights_path "
    "weights_file saved_model saved_model_path model_path asset_path export_dir handle checkpoint "
    "checkpoint_path preset proto_path".split()
)
_VERBATIM = re.compile(r"""^\s*\d+\s+b?(['"])(?:\\.|(?!\1).)*\1\s+\d+\s*$""", re.DOTALL)


class _Text:
    """JSON objects whose key stands more than once: the last value counts, the others are looked at too."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self.shadowed: list[tuple[str, object]] = []

    def pairs(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        for key, value in pairs:
            if value != found[key] and len(self.shadowed) < MOST_SHADOWED:
                self.repeated.append(key)
                self.shadowed.append((key, {**found, key: value}))
        return found


def read(source: Source, reading: Reading) -> Parsed:
    """Parse and walk a configuration in JSON. Text that is no JSON is a ``malformed`` defect."""
    facts = KerasFacts()
    parsed = Parsed(facts=facts)
    if source.size > MOST_TEXT:
        parsed.unexamined.append(f"configuration after its first {MOST_TEXT:,} bytes")
    walk_text(source.read(0, MOST_TEXT), facts, parsed, reading)
    return parsed


def walk_text(data: bytes, facts: KerasFacts, parsed: Parsed, reading: Reading, where: str = "$") -> None:
    """Add what one JSON text names to ``facts``; defects and children go to ``parsed``."""
    text = _Text()
    try:
        encoding = json.detect_encoding(data)
        decoded = data.decode(encoding, "surrogatepass").rstrip("\0")
        value = json.loads(decoded.removeprefix("\ufeff"), object_pairs_hook=text.pairs)
    except RecursionError:
        parsed.defects.append(Defect("malformed", "The configuration nests too deep to be read", key="nesting"))
        parsed.unexamined.append("a configuration that nests too deep")
        return
    except ValueError as error:
        parsed.defects.append(Defect("malformed", f"The configuration is no JSON: {error}", key="json"))
        parsed.unexamined.append("a configuration that is no JSON")
        return
    for key in dict.fromkeys(text.repeated):
        message = f"The key {key!a} stands twice in one object, with different values"
        parsed.defects.append(
            Defect("contradiction", message, key=f"repeated:{visible(key, 80)}", evidence=visible(key, 80))
        )
    walk = _Walk(facts, parsed, reading)
    walk.run(value, where)
    for key, shadowed in text.shadowed:
        walk.run(shadowed, where + " (overridden)", "Lambda" if key in _FUNCTION_SLOTS else "")


def _short(value: object, most: int = 160) -> str:
    """A value as a reader wants to see it: short, on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{visible(key, 60)}={_short(item, 60)}" for key, item in list(value.items())[:8])
        return inner[:most]
    text = ascii(value)
    return text if len(text) <= most else text[: most - 3] + "..."


class _Walk:
    def __init__(self, facts: KerasFacts, parsed: Parsed, reading: Reading) -> None:
        self.facts = facts
        self.parsed = parsed
        self.reading = reading
        self.arguments: dict[str, str] = {}
        self.count = 0

    def run(self, value: object, where: str, owner: str = "") -> None:
        """Walk with a stack of (value, place, nearest class, its name): depth costs no recursion."""
        pending: list[tuple[object, str, str, str]] = [(value, where, owner, "")]
        before = self.count
        while pending:
            item, here, owner, name = pending.pop()
            self.count += 1
            if self.count > MOST_NODES:
                self.parsed.unexamined.append(f"values of the configuration after the first {MOST_NODES:,}")
                break
            if isinstance(item, dict):
                if isinstance(item.get("class_name"), str):
                    owner, name = self.note(item, here, owner, name)
                elif "class_name" in item and item["class_name"] is not None:
                    message = f"The class name at {here} is no text"
                    self.parsed.defects.append(Defect("malformed", message, key="class-name"))
                self.fields(item, here, owner)
                for key in reversed(item):
                    inner = item[key]
                    if isinstance(inner, (dict, list)):
                        pending.append((inner, f"{here}.{visible(key, 80)}", owner, name))
            elif isinstance(item, list):
                self.legacy_code(item, here, owner, name)
                for index in range(len(item) - 1, -1, -1):
                    if isinstance(item[index], (dict, list)):
                        pending.append((item[index], f"{here}[{index}]", owner, name))
        self.reading.meter.operate(self.count - before)

    def note(self, item: dict[str, object], here: str, owner: str, label: str) -> tuple[str, str]:
        """Note one object; returns its class and the name it is given."""
        name = visible(str(item["class_name"]))
        inner = item.get("config")
        given = inner.get("name") if isinstance(inner, dict) else None
        module, registered = item.get("module"), item.get("registered_name")
        function = name in ("function", "__function__", "builtin_function_or_method") and isinstance(inner, str)
        shown = name
        if function:
            shown = visible(str(inner))
        elif name == "__typespec__" and isinstance(item.get("spec_name"), str):
            shown = visible(str(item["spec_name"]))
        if name == "__lambda__":
            self.lambda_form(inner, here, owner)
        if len(self.facts.objects) < MOST_LISTED:
            self.facts.objects.append(
                KerasObject(
                    where=here,
                    name=shown,
                    module=visible(module) if isinstance(module, str) else None,
                    registered=visible(registered) if isinstance(registered, str) else None,
                    function=function,
                    owner=owner,
                    arguments=_short(inner) if isinstance(inner, dict) else self.arguments.get(here, ""),
                )
            )
        else:
            text = f"objects of the configuration after the first {MOST_LISTED:,}"
            if text not in self.parsed.unexamined:
                self.parsed.unexamined.append(text)
        if isinstance(inner, dict):
            self.special(name, inner, here)
        if function or name.startswith("__"):
            return owner or name, label
        return name, visible(given, 80) if isinstance(given, str) else name

    def lambda_form(self, inner: object, here: str, owner: str) -> None:
        """``__lambda__``: Keras 3 keeps the code under ``code`` or ``value``, the latter also as a list."""
        code: object = inner
        if isinstance(inner, dict):
            code = inner.get("code", inner.get("value"))
        if isinstance(code, list):
            code = code[0] if code else ""
        self.add_code(str(code or ""), here, owner or "__lambda__")

    def legacy_code(self, item: list[object], here: str, owner: str, name: str) -> None:
        """Keras 1 and 2 keep the code of a Lambda as a list of code, defaults and closure."""
        if owner != "Lambda" or len(item) not in (1, 2, 3) or not isinstance(item[0], str):
            return
        slot = here.rpartition(".")[2]
        if slot == "items":
            slot = here.rpartition(".")[0].rpartition(".")[2]
        if slot in _FUNCTION_SLOTS:
            self.add_code(item[0], here, name or owner)

    def add_code(self, text: str, here: str, layer: str) -> None:
        if len(self.facts.lambdas) < MOST_LISTED:
            self.facts.lambdas.append(LambdaCode(here, layer, decode(text[:MOST_TEXT]), visible(text, 80)))

    def special(self, name: str, inner: dict[str, object], here: str) -> None:
        """Classes that do more with their configuration than keep it."""
        if name == "Lambda":
            self.lambda_layer(inner, here)
        elif name in ("TFOpLambda", "SlicingOpLambda", "InstanceMethod", "ClassMethod"):
            symbol = inner.get("function") or inner.get("symbol") or inner.get("method_name")
            if isinstance(symbol, str):
                entry = KerasObject(f"{here}.config.function", visible(symbol), "tf", None, True, name)
                self.facts.objects.append(entry)
        elif name == "TorchModuleWrapper":
            self.torch_module(inner, here)
        elif name == "RWKVTokenizer":
            self.evaluated(inner.get("vocabulary"), here)
        given = inner.get("name")
        if isinstance(given, str) and ".." in given.replace("\\", "/").split("/"):
            self.facts.names.append((here, visible(given, 80)))

    def lambda_layer(self, inner: dict[str, object], here: str) -> None:
        """The function of a Lambda layer by name and module, as Keras 1 and 2 write it, or as bare text."""
        self.arguments[f"{here}.config.function"] = _short(inner.get("arguments") or {})
        for slot in _FUNCTION_SLOTS:
            value = inner.get(slot)
            kind = inner.get(f"{slot}_type")
            if kind == "lambda" and isinstance(value, str):
                self.add_code(value, f"{here}.config.{slot}", visible(str(inner.get("name") or "Lambda"), 80))
            elif isinstance(value, str) and (kind == "function" or slot == "function"):
                module = inner.get("module" if slot == "function" else f"{slot}_module")
                named = visible(module) if isinstance(module, str) and module != "__main__" else None
                arguments = _short(inner.get("arguments") or "")
                entry = KerasObject(f"{here}.config.{slot}", visible(value), named, None, True, "Lambda", arguments)
                self.facts.objects.append(entry)

    def torch_module(self, inner: dict[str, object], here: str) -> None:
        """The wrapper loads its module from a torch archive in base64, pickles and all."""
        self.facts.torch_modules.append(here)
        value = inner.get("module")
        if isinstance(value, dict):
            value = value.get("config", {}).get("value") if isinstance(value.get("config"), dict) else None
        if not isinstance(value, str):
            return
        try:
            data = base64.b64decode("".join(value.split()), validate=False)
        except (binascii.Error, ValueError):
            self.parsed.defects.append(
                Defect("malformed", f"The torch module at {here} is not base64", key="torch-module")
            )
            return
        self.reading.meter.expand(len(data))
        self.parsed.children.append(Child(f"{here}.config.module", BytesSource(data), Relation.NESTED))

    def evaluated(self, vocabulary: object, here: str) -> None:
        """Lines that are no plain literal, where the class evaluates every line of its vocabulary."""
        for line in vocabulary if isinstance(vocabulary, list) else []:
            if isinstance(line, str) and not _VERBATIM.match(line):
                self.facts.expressions.append((f"{here}.config.vocabulary", visible(line, 200)))
                return

    def fields(self, item: dict[str, object], here: str, owner: str) -> None:
        """Fields that are opened as files or fetched when the object is made."""
        for key, value in item.items():
            if len(self.facts.paths) >= MOST_LISTED:
                break
            if not isinstance(value, str) or not value or not isinstance(key, str):
                continue
            if (key in _VOCABULARY_KEYS and len(value) < 4096) or (key in _PATH_KEYS and owner):
                self.facts.paths.append(PathValue(f"{here}.{key}", owner, key, visible(value)))
