"""What a call does: how its result depends on its arguments, and which acts it is."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.python_source import names
from violet.formats.python_source.acts import When
from violet.formats.python_source.folding import decode, decode_codec, decoders, fold_method
from violet.formats.python_source.loading_rules import PASSABLE
from violet.formats.python_source.sinks import Sinks
from violet.formats.python_source.values import (
    HIDDEN,
    UNKNOWN,
    Origin,
    Value,
    constant,
    joined_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.python_source.evaluator import Evaluator, FunctionNode
    from violet.formats.python_source.values import Scope

    Special = Callable[["Caller", ast.Call, list[Value], dict[str, Value]], Value]


class Caller:
    """Applies functions for a machine."""

    def __init__(self, machine: Evaluator) -> None:
        self.machine = machine
        self.sinks = Sinks(machine)

    def apply(self, node: ast.Call, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """The result of calling ``function``; records what the call does."""
        if function.function is not None:
            self._passed(node, arguments, keywords, function.path)
            return self.machine.call_own(function, self._with_self(function, arguments))
        if function.members is not None:
            return self._construct(function, arguments)
        path = function.path
        if not path:
            everything = [*arguments, *keywords.values()] if keywords else arguments
            if arguments or keywords:
                self._passed(node, arguments, keywords, "")
            origin = function.origin | joined_origin(everything) if everything else function.origin
            return Value(origin=origin) if origin else UNKNOWN
        if function.items is not None:
            # functools.partial: the first arguments are already there
            arguments = [*function.items, *arguments]
        if path.startswith("str."):
            return self._on_text(node, path[4:], function, arguments, keywords)
        special = _specials().get(path)
        if special is not None:
            return special(self, node, arguments, keywords)
        if path in decoders():
            self.sinks.check(node, function, arguments, keywords)
            return decode(path, arguments[0]) if arguments else UNKNOWN
        if path in names.PASS_THROUGH:
            return self._pass_through(path, arguments, keywords)
        self.sinks.check(node, function, arguments, keywords)
        self._passed(node, arguments, keywords, path)
        return self._result(function, arguments, keywords)

    def variable(self, name: str) -> Value:
        """``os.environ[name]``."""
        upper = name.upper()
        secret = any(word in upper for word in ("TOKEN", "SECRET", "PASSWORD", "API_KEY", "CREDENTIAL", "ACCESS_KEY"))
        return Value(origin=Origin.SECRET if secret else Origin.NOWHERE)

    def literal_attribute(self, base: Value, name: str, node: ast.AST | None) -> None:
        self.sinks.literal_attribute(base, name, node)

    def returned(self, node: ast.Return, value: Value, function: FunctionNode | None) -> None:
        """A ``__reduce__`` that returns a dangerous function is an exploit in the making."""
        if isinstance(function, ast.FunctionDef) and function.name in ("__reduce__", "__reduce_ex__"):
            first = value.items[0] if value.items else UNKNOWN
            if first.path in names.COMMAND or first.path in names.EXECUTE or first.path in names.SENSITIVE_BUILTINS:
                rest = value.items[1].items if value.items and len(value.items) > 1 else None
                shown = ", ".join(self.sinks.show(v) for v in rest or [])
                self.machine.record("pickle-gadget", f"{function.name} -> {first.path}({shown})", node)

    def leave(self, scope: Scope, function: FunctionNode) -> None:
        self.sinks.scope_ends(scope.events, function)

    def finish(self) -> None:
        self.sinks.scope_ends(self.machine.module.events, None)

    def _with_self(self, function: Value, arguments: list[Value]) -> list[Value]:
        node = function.function
        if function.receiver is not None and not isinstance(node, ast.Lambda) and node is not None:
            plain = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
            return arguments if plain else [function.receiver, *arguments]
        return arguments

    def _construct(self, klass: Value, arguments: list[Value]) -> Value:
        """An instance of a class of this source: its ``__init__`` runs."""
        made = Value(members=klass.members, scope=klass.scope, instance=True)
        for hook in ("__new__", "__init__", "__post_init__", "__enter__"):
            method = (klass.members or {}).get(hook)
            if method is not None and method.function is not None:
                self.machine.call_own(method, [made, *arguments])
        if klass.instance:
            method = (klass.members or {}).get("__call__")
            if method is not None and method.function is not None:
                return self.machine.call_own(method, [klass, *arguments])
        return made

    def _passed(self, node: ast.Call, arguments: list[Value], keywords: dict[str, Value], path: str) -> None:
        """Functions given to others (``map(os.system, ...)``, ``Thread(target=...)``) are called by them."""
        for argument in [*arguments, *keywords.values()] if keywords else arguments:
            if argument.function is not None and argument is not UNKNOWN:
                if path.rpartition(".")[2] in _CALLS_NOW or path in _CALLS_NOW:
                    self.machine.call_own(argument, [])
            elif argument.path and argument.path not in _HARMLESS_TO_PASS:
                if argument.path in PASSABLE and path != "functools.partial":
                    self.machine.loads.passed(node, arguments, argument)
                others = [a for a in arguments if a is not argument]
                given = keywords.get("args")
                if given is not None and given.items is not None:
                    others = given.items
                elif path in ("builtins.map", "builtins.filter") and others and others[0].items:
                    others = others[0].items[:3]
                self.sinks.passed(node, argument, others, path)

    def _on_text(
        self, node: ast.Call, method: str, function: Value, arguments: list[Value], keywords: dict[str, Value]
    ) -> Value:
        receiver = function.receiver or UNKNOWN
        if keywords:
            named = [keywords.get("encoding")] if set(keywords) <= {"encoding", "errors"} else [None]
            if named[0] is None:
                return Value(origin=joined_origin([receiver, *arguments, *keywords.values()]))
            arguments = [*arguments, named[0]]
        folded = fold_method(receiver, method, arguments)
        if folded is not None:
            return folded
        self._passed(node, arguments, keywords, f"str.{method}")
        return Value(origin=joined_origin([receiver, *arguments]))

    def _pass_through(self, path: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        if path == "builtins.dict" and keywords and not arguments and "**" not in keywords:
            return Value(mapping=dict(keywords.items()))
        if not arguments:
            return Value(path=path + "()", origin=joined_origin(list(keywords.values())))
        first = arguments[0]
        if path == "builtins.str" and isinstance(first.const, (int, float)):
            return constant(str(first.const)[:100], first.origin)
        if path == "builtins.str" and isinstance(first.const, bytes) and len(arguments) > 1:
            return constant(first.const.decode("utf-8", "replace"), first.origin)
        if path in ("builtins.bytes", "builtins.bytearray"):
            return _bytes_of(first, arguments)
        if path == "shlex.split" and first.text is not None:
            return Value(items=[constant(word) for word in first.text.split()[:200]], origin=first.origin)
        if path in ("builtins.list", "builtins.tuple") and isinstance(first.const, (str, bytes)):
            return Value(items=[constant(c) for c in first.const[:4_096]])
        if path.startswith(("io.", "urllib")):
            return Value(path=path + "()", const=first.const, origin=joined_origin(arguments))
        if first.path == "os.environ" or first.is_const or first.items is not None or first.mapping is not None:
            return first
        return Value(path=first.path, origin=joined_origin(arguments), receiver=first.receiver, target=first.target)

    def _result(self, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        path = function.path
        called = path + "()" if len(path) < 160 else ""
        origin = function.origin
        if arguments or keywords:
            origin |= joined_origin([*arguments, *keywords.values()] if keywords else arguments)
        last = path.rpartition(".")[2]
        if called.startswith(names.DOWNLOADED):
            origin |= Origin.DOWNLOADED
        elif called.startswith(names.RECEIVED):
            origin |= Origin.RECEIVED
        elif path in names.HOST:
            origin |= Origin.HOST
        elif last in ("decrypt", "decompress", "b64decode", "unhexlify"):
            origin |= Origin.DECODED
        target = function.target
        if path in names.OPENERS:
            target = arguments[0] if arguments and "Path" not in path else function.receiver
            if target is not None and self.sinks.was_dropped(target):
                origin |= Origin.DOWNLOADED
            if target is not None and self.sinks.names_credentials(target):
                origin |= Origin.CREDENTIALS
            # what is in a file does not come from where its name comes from
            origin &= ~(Origin.SECRET | Origin.HOST | Origin.PREFIXED)
        elif path == "os.environ.copy" or path == "os.environ.items":
            origin |= Origin.ENVIRONMENT
        elif path in ("os.environ.get", "os.getenv", "os.environ.pop", "os.environ.setdefault"):
            name = arguments[0].text if arguments else None
            return self.variable(name) if name else UNKNOWN
        elif (
            path in ("pathlib.Path().read_text", "pathlib.Path().read_bytes") and function.receiver is not None
        ) and self.sinks.names_credentials(function.receiver):
            origin |= Origin.CREDENTIALS
        if path in names.DESERIALIZE:
            # objects again: how their bytes were written down says nothing about them
            origin &= ~(HIDDEN | Origin.CARRIED)
        receiver = function.receiver
        if path in ("pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath"):
            receiver = _joined_path(arguments)
            called = "pathlib.Path()"
        elif path == "pathlib.Path.home" or path == "pathlib.Path().home":
            receiver, called = constant("~"), "pathlib.Path()"
        elif path in ("pathlib.Path().joinpath", "pathlib.Path().expanduser", "pathlib.Path().resolve"):
            receiver, called = _joined_path([function.receiver or UNKNOWN, *arguments]), "pathlib.Path()"
        return Value(path=called, origin=origin, receiver=receiver, target=target)


def _joined_path(arguments: list[Value]) -> Value:
    parts = [argument.text for argument in arguments]
    if parts and all(p is not None for p in parts):
        return constant("/".join(p for p in parts if p))
    known = [p for p in parts if p]
    return constant("?/" + "/".join(known)) if known else UNKNOWN


def _bytes_of(first: Value, arguments: list[Value]) -> Value:
    origin = joined_origin([first])
    if first.items is not None and all(isinstance(v.const, int) for v in first.items):
        numbers = [v.const for v in first.items if isinstance(v.const, int)]
        if all(0 <= n < 256 for n in numbers):
            hidden = Origin.ASSEMBLED if len(numbers) > 8 else Origin.NOWHERE
            return constant(bytes(numbers), origin | hidden | (Origin.CARRIED if hidden else Origin.NOWHERE))
    if isinstance(first.const, bytes):
        return first
    if isinstance(first.const, str) and len(arguments) > 1:
        return constant(first.const.encode("utf-8", "replace"), origin)
    return Value(origin=origin)


_CALLS_NOW = frozenset(
    [
        "Thread",
        "Process",
        "Timer",
        "submit",
        "map",
        "filter",
        "register",
        "apply",
        "apply_async",
        "run_in_executor",
        "call_soon",
        "create_task",
        "run",
        "builtins.map",
        "builtins.filter",
        "builtins.sorted",
        "start_new_thread",
        "gather",
        "reduce",
        "after",
    ]
)
_HARMLESS_TO_PASS = frozenset(["builtins.str", "builtins.int", "builtins.list", "builtins.dict", "builtins.len"])


def _getattr(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if len(arguments) < 2:
        return UNKNOWN
    base, name = arguments[0], arguments[1].const
    if isinstance(name, str):
        plain = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
        value = caller.machine.attribute(base, name, node, roundabout=True)
        if value.path and not plain:
            caller.sinks.hidden_name(node, value, arguments[1])
        return value
    return Value(origin=base.origin)


def _import_module(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    named = arguments[0] if arguments else keywords.get("name", UNKNOWN)
    text = named.text
    if text is None:
        if named.origin & (HIDDEN | Origin.DOWNLOADED | Origin.RECEIVED):
            caller.machine.record("hidden-name", f"__import__({caller.sinks.show(named)})", node)
        return UNKNOWN
    whole = caller.sinks.path_of(node.func) not in ("__import__",) or len(arguments) > 3 or "fromlist" in keywords
    module = names.normalise(text if whole else text.partition(".")[0])
    plain = bool(node.args) and isinstance(node.args[0], ast.Constant)
    caller.machine.imports.setdefault(text[:200])
    if not plain and module.partition(".")[0] in names.DANGEROUS_MODULES:
        caller.sinks.hidden_name(node, Value(path=module), named)
    return Value(path=module, roundabout=True)


def _chr(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    number = arguments[0].const if arguments else None
    if isinstance(number, int) and 0 <= number < 0x110000:
        return constant(chr(number), Origin.ASSEMBLED)
    return Value(origin=joined_origin(arguments) | Origin.ASSEMBLED)


def _ord(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    text = arguments[0].const if arguments else None
    if isinstance(text, (str, bytes)) and len(text) == 1:
        return constant(ord(text), arguments[0].origin)
    return Value(origin=joined_origin(arguments))


def _int(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    text = arguments[0].const if arguments else None
    base = arguments[1].const if len(arguments) > 1 else 10
    if isinstance(text, str) and len(text) < 100 and isinstance(base, int):
        try:
            return constant(int(text, base))
        except ValueError:
            return UNKNOWN
    if isinstance(text, int):
        return constant(text)
    # a number tells nothing of where its digits came from that matters here
    return UNKNOWN


def _fromhex(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    text = arguments[0].const if arguments else None
    if isinstance(text, str):
        try:
            return constant(bytes.fromhex(text), arguments[0].origin | Origin.DECODED | Origin.CARRIED)
        except ValueError:
            pass
    return Value(origin=joined_origin(arguments) | Origin.DECODED)


def _reversed(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    first = arguments[0] if arguments else UNKNOWN
    origin = joined_origin(arguments) | Origin.ASSEMBLED
    if isinstance(first.const, str):
        return Value(items=[constant(c) for c in reversed(first.const[:20_000])], origin=origin)
    if first.items is not None:
        return Value(items=first.items[::-1], origin=origin)
    return Value(origin=origin)


def _map(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    caller._passed(node, arguments, keywords, "builtins.map")
    origin = joined_origin(arguments)
    if len(arguments) == 2 and arguments[0].path in (
        "builtins.chr",
        "builtins.ord",
        "builtins.int",
        "builtins.str",
    ):
        source = arguments[1]
        items = source.items
        if items is None and isinstance(source.const, (str, bytes)):
            items = [constant(c) for c in source.const[:4_096]]
        if items is not None and len(items) <= 20_000:
            handler = _specials().get(arguments[0].path)
            if handler is not None:
                return Value(items=[handler(caller, node, [item], {}) for item in items], origin=origin)
    if arguments and arguments[0].path == "builtins.chr":
        origin |= Origin.ASSEMBLED
    if len(arguments) > 1 and arguments[0].function is not None:
        sample = (arguments[1].items or [UNKNOWN])[0]
        return Value(origin=origin | joined_origin([caller.machine.call_own(arguments[0], [sample])]))
    return Value(origin=origin)


def _namespace(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if arguments and arguments[0].path:
        return arguments[0]
    return Value(path="builtins.globals()") if not arguments else UNKNOWN


def _partial(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if not arguments:
        return UNKNOWN
    first = arguments[0]
    if first.path:
        return Value(path=first.path, items=arguments[1:], roundabout=first.roundabout)
    return first


def _attrgetter(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    return Value(path="operator.attrgetter()", items=[arguments[0]] if arguments else [])


def _apply_getter(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[0].const, str):
        return UNKNOWN
    value = arguments[1]
    for part in arguments[0].const.split(".")[:20]:
        value = caller.machine.attribute(value, part, node, roundabout=True)
    return value


def _methodcaller(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    return Value(path="operator.methodcaller()", items=arguments)


def _apply_method(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[0].const, str):
        return UNKNOWN
    base = arguments[-1]
    method = caller.machine.attribute(base, arguments[0].const, node, roundabout=True)
    return caller.apply(node, method, arguments[1:-1], keywords)


def _codecs_decode(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if len(arguments) < 2 or not isinstance(arguments[1].const, str):
        return Value(origin=joined_origin(arguments))
    label = arguments[1].const
    if label.lower() in ("utf-8", "utf8", "ascii", "latin-1", "latin1"):
        return arguments[0]
    return decode_codec(arguments[0].const, label, joined_origin([arguments[0]]))


def _setattr(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    if len(arguments) == 3 and isinstance(arguments[1].const, str) and arguments[0].members is not None:
        arguments[0].members[f"self.{arguments[1].const}"] = arguments[2]
    elif len(arguments) == 3 and isinstance(arguments[1].const, str) and arguments[0].path == "builtins":
        caller.machine.record("patch", f"builtins.{arguments[1].const} = ...", node)
    return UNKNOWN


def _path_join(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    return Value(path="os.path.join()", origin=joined_origin(arguments), const=_joined_path(arguments).const)


def _expanduser(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    return arguments[0] if arguments else UNKNOWN


def _import(caller: Caller, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    value = _import_module(caller, node, arguments, keywords)
    if value.path.partition(".")[0] in names.NEVER_ROUNDABOUT and caller.machine.when is not When.DEFINED:
        caller.machine.record("import-hidden", f"__import__({value.path!r})", node)
    return value


@cache
def _specials() -> dict[str, Special]:
    return {
        "builtins.getattr": _getattr,
        "builtins.setattr": _setattr,
        "inspect.getattr_static": _getattr,
        "pkgutil.resolve_name": _import_module,
        "builtins.__import__": _import,
        "importlib.import_module": _import_module,
        "importlib.__import__": _import_module,
        "importlib._bootstrap._gcd_import": _import_module,
        "builtins.chr": _chr,
        "builtins.ord": _ord,
        "builtins.int": _int,
        "builtins.bytes.fromhex": _fromhex,
        "builtins.bytearray.fromhex": _fromhex,
        "builtins.reversed": _reversed,
        "builtins.map": _map,
        "builtins.globals": _namespace,
        "builtins.locals": _namespace,
        "builtins.vars": _namespace,
        "functools.partial": _partial,
        "operator.attrgetter": _attrgetter,
        "operator.attrgetter()": _apply_getter,
        "operator.methodcaller": _methodcaller,
        "operator.methodcaller()": _apply_method,
        "codecs.decode": _codecs_decode,
        "codecs.encode": _codecs_decode,
        "os.path.join": _path_join,
        "posixpath.join": _path_join,
        "os.path.expanduser": _expanduser,
        "os.path.expandvars": _expanduser,
    }
