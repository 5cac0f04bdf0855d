"""Which calls are acts worth telling, and with what detail."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.python_source import names
from violet.formats.python_source.acts import When
from violet.formats.python_source.values import HIDDEN, UNKNOWN, Origin, Value, joined_origin

if TYPE_CHECKING:
    from violet.formats.python_source.evaluator import Evaluator, FunctionNode

FETCHED = Origin.DOWNLOADED | Origin.RECEIVED
_COLLECTED = Origin.ENVIRONMENT | Origin.CREDENTIALS | Origin.HOST


class Sinks:
    """Looks at calls for a machine."""

    def __init__(self, machine: Evaluator) -> None:
        self.machine = machine
        self._dropped: list[Value] = []

    # -- showing ---------------------------------------------------------------------------------------

    def show(self, value: Value) -> str:
        if value.is_const:
            shown = repr(value.const)
            return shown if len(shown) <= 160 else shown[:150] + "...'"
        if value.items is not None:
            return "[" + ", ".join(self.show(v) for v in value.items[:8]) + "]"
        if value.path:
            return value.path[:80]
        return "..."

    def call(self, path: str, arguments: list[Value], keywords: dict[str, Value] | None = None) -> str:
        parts = [self.show(value) for value in arguments[:5]]
        for name, value in list((keywords or {}).items())[:4]:
            parts.append(f"{name}={self.show(value)}")
        return f"{path}({', '.join(parts)})"[:300]

    @staticmethod
    def path_of(node: ast.expr) -> str:
        return node.id if isinstance(node, ast.Name) else ""

    # -- acts ------------------------------------------------------------------------------------------

    def check(self, node: ast.Call, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> None:
        path = function.path
        if path in names.COMMAND:
            self._command(node, path, arguments, keywords)
        elif path in names.EXECUTE:
            self._execute(node, path, arguments, keywords)
        elif path in names.NETWORK:
            self._network(node, path, arguments, keywords)
        elif path in names.DESERIALIZE:
            self._deserialize(node, path, arguments, keywords)
        elif path in names.OPENERS:
            self._open(node, path, function, arguments, keywords)
        else:
            self._other(node, function, arguments, keywords)
        if path in names.PERSIST_WRITES:
            self._persist(node, path, function, arguments, keywords)
        if function.roundabout and (path in names.COMMAND or path in names.EXECUTE):
            self._roundabout(node, path, arguments)

    def _roundabout(self, node: ast.Call, path: str, arguments: list[Value]) -> None:
        """``getattr(os, "system")(...)``, ``sys.modules["os"].system(...)``: nobody writes that without a reason."""
        self.machine.record("hidden-name", self.call(path, arguments), node, "called in a roundabout way")

    def _other(self, node: ast.Call, function: Value, arguments: list[Value], keywords: dict[str, Value]) -> None:
        path = function.path
        last = path.rpartition(".")[2]
        record = self.machine.record
        if last in names.WRITES and (function.target is not None or "Path()" in path):
            self._write(function, arguments)
            if path in names.PERSIST_WRITES:
                return
        if path in names.LOAD_CODE:
            self._load_code(node, path, arguments, keywords)
        elif path in names.NATIVE or path in names.BUILDS:
            if joined_origin(arguments) & FETCHED or any(self.was_dropped(a) for a in arguments):
                record("drop-run", self.call(path, arguments), node, "a native library that was fetched")
            record("native", self.call(path, arguments), node)
        elif path in names.SHELLCODE or path.endswith(("kernel32.VirtualAlloc", "kernel32.CreateThread")):
            record("shellcode", self.call(path, arguments), node)
        elif path == "mmap.mmap" and any("PROT_EXEC" in v.path for v in [*arguments, *keywords.values()]):
            record("shellcode", self.call(path, arguments, keywords), node, "executable memory")
        elif path in names.DELETE:
            self._delete(node, path, arguments)
        elif path in names.REMOTE_CODE:
            record("remote-code", self.call(path, arguments, keywords), node)
        elif path in ("os.dup2", "os.chmod", "os.setuid"):
            self._descriptor(node, path, arguments)
        elif path in ("pip.main", "pip._internal.main", "pip._internal.cli.main.main", "ensurepip.bootstrap"):
            record("install", self.call(path, arguments), node)
        elif path in names.DOWNLOAD_TO:
            self._network(node, path, arguments, keywords)
        elif last == "from_pretrained" or last == "pipeline" or last == "load_dataset":
            trusted = keywords.get("trust_remote_code")
            if trusted is not None and trusted.const is True:
                record("remote-code", self.call(path, arguments, keywords), node, "trust_remote_code=True")
        elif last in ("subprocess_exec", "subprocess_shell"):
            self._command(node, path, arguments, keywords)
        if path in ("sys.settrace", "sys.setprofile") or path in (
            "sys.meta_path.insert",
            "sys.meta_path.append",
        ):
            record("patch", self.call(path, arguments), node)

    def _command(self, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]) -> None:
        record = self.machine.record
        given = arguments or [keywords.get("args", keywords.get("cmd", UNKNOWN))]
        if path.startswith("os.spawn"):
            given = given[1:]
        shown = self.call(path, given, {k: v for k, v in keywords.items() if k != "args"})
        self._events().add("spawn")
        self._shell_over_socket(node, shown, keywords)
        words = self._words(given)
        text = " ".join(words)
        origin = joined_origin(given[:2])
        if words:
            from violet.formats.shell.commands import hostile_commands

            for command in hostile_commands(text):
                record("hostile-command", shown, node, f"{command.meaning}: {command.text[:120]}")
            self._interpreter(node, words, shown)
        dropped = any(self.was_dropped(v) for v in _flat(given)) or any(self._names_dropped(word) for word in words)
        if dropped and not _only_reads(words):
            record("drop-run", shown, node, "a file that was written from the network or from hidden text")
        elif origin & FETCHED and not origin & Origin.PREFIXED and (path in names.SHELLS or not words):
            received = bool(origin & Origin.RECEIVED)
            record("run-received" if received else "run-download", shown, node)
        elif origin & HIDDEN and origin & Origin.DECODED:
            record("run-hidden", shown, node, "the command line is decoded first")
        elif origin & Origin.ASSEMBLED and given[0].is_const:
            record("run-hidden", shown, node, "the command line is assembled from pieces")
        if _installs(words):
            record("install", shown, node)
        record("command", shown, node, words[0].rpartition("/")[2][:80] if words else "")

    def _words(self, given: list[Value]) -> list[str]:
        """The constant words of a command line given as text or as a list."""
        first = given[0] if given else UNKNOWN
        if first.text is not None and len(given) == 1:
            return first.text.split(" ")
        items = first.items if first.items is not None else given
        words = [v.text for v in _flat(items)[:40]]
        if words and words[0] is None and any(v.path == "sys.executable" for v in items[:1]):
            words[0] = "python"
        return [w for w in words if w] if words and words[0] else []

    def _interpreter(self, node: ast.Call, words: list[str], shown: str) -> None:
        """``python -c "..."`` and ``sh -c "..."``: the text is code in its turn."""
        for index, word in enumerate(words[:-1]):
            if word == "-c" and words[0].rpartition("/")[2].startswith("python"):
                self.machine.nested_source(" ".join(words[index + 1 :]).strip("'\""), node)
                return

    def _execute(self, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]) -> None:
        record = self.machine.record
        code = arguments[0] if arguments else UNKNOWN
        if path in ("timeit.timeit", "timeit.repeat", "timeit.Timer") and not code.is_const:
            return
        if path == "types.FunctionType" and not code.origin & (HIDDEN | FETCHED):
            return
        shown = self.call(path, arguments[:1])
        origin = joined_origin([code])
        if origin & Origin.RECEIVED:
            record("run-received", shown, node)
        elif origin & Origin.DOWNLOADED:
            record("run-download", shown, node)
        elif self._is_hidden(code, origin, path):
            where = "the encoded form stands in the file" if origin & Origin.CARRIED or code.is_const else ""
            record("run-hidden", shown, node, where)
        elif code.target is not None and self.was_dropped(code.target):
            record("drop-run", shown, node)
        if code.text is not None:
            self.machine.nested_source(code.text, node)
            if path == "builtins.eval" and not origin and _plain_expression(code.text):
                return
        record("dynamic-code", shown, node)

    @staticmethod
    def _is_hidden(code: Value, origin: int, path: str) -> bool:
        if not path.startswith(("builtins.", "types.", "code.")):
            return False
        if origin & Origin.DECODED:
            return True
        return bool(origin & Origin.ASSEMBLED) and (code.is_const or path == "builtins.exec")

    def _network(self, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]) -> None:
        everything = [*arguments, *keywords.values()]
        record = self.machine.record
        origin = joined_origin(everything)
        shown = self.call(path, arguments, keywords)
        events = self._events()
        events.add("network")
        self.machine.events.add("network")
        if path.endswith((".connect", ".connect_ex", "create_connection")):
            events.add("connect")
        texts = [v.text for v in _flat(everything) if v.text]
        collector = next((c for c in names.COLLECTORS for text in texts if c in text), "")
        if collector:
            record("exfiltration-address", shown, node, collector)
        if origin & Origin.CREDENTIALS:
            record("steal-credentials", shown, node)
        elif origin & Origin.ENVIRONMENT:
            record("steal-environment", shown, node)
        elif origin & Origin.SECRET and collector:
            record("steal-environment", shown, node, "a secret from the environment")
        elif origin & Origin.HOST and (collector or self.machine.when > When.DEFINED):
            if collector or not _asks_own(path, arguments):
                record("send-host", shown, node)
        if path in names.DOWNLOAD_TO:
            position = names.DOWNLOAD_TO[path]
            target = arguments[position] if len(arguments) > position else keywords.get("filename", UNKNOWN)
            if target is not UNKNOWN:
                self._dropped.append(target)
        record("network", shown, node)

    def _deserialize(self, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]) -> None:
        if path == "torch.load" and _is_true(keywords.get("weights_only")):
            return
        if path == "numpy.load" and not _is_true(keywords.get("allow_pickle")):
            return
        if path == "yaml.load":
            loader = keywords.get("Loader") or (arguments[1] if len(arguments) > 1 else UNKNOWN)
            if "Safe" in loader.path or "Base" in loader.path or loader is UNKNOWN:
                return
        origin = joined_origin(arguments[:1])
        shown = self.call(path, arguments[:1])
        if origin & Origin.RECEIVED or (origin & Origin.DOWNLOADED):
            self.machine.record("load-download", shown, node)
        elif arguments and isinstance(arguments[0].const, bytes) and "marshal" not in path:
            if arguments[0].const and (self.machine.when is not When.DEFINED or origin & HIDDEN):
                self.machine.payloads.append((arguments[0].const, getattr(node, "lineno", 0)))
            self.machine.record("load-hidden", shown, node, "" if origin & HIDDEN else "in plain sight")
        elif origin & Origin.CARRIED or (arguments and isinstance(arguments[0].const, bytes)):
            self.machine.record("load-hidden", shown, node)
        self.machine.record("deserialize", shown, node)

    def _load_code(self, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]) -> None:
        shown = self.call(path, arguments, keywords)
        if any(self.was_dropped(a) for a in [*arguments, *keywords.values()]):
            self.machine.record("drop-run", shown, node)
        self.machine.record("dynamic-code", shown, node)

    def _open(
        self, node: ast.Call, path: str, function: Value, arguments: list[Value], keywords: dict[str, Value]
    ) -> None:
        target = arguments[0] if arguments and "Path" not in path else (function.receiver or UNKNOWN)
        if self.names_credentials(target):
            self.machine.record("read-credentials", self.call(path, arguments), node)
        if _writes(path, arguments, keywords) and self.machine.when is not When.DEFINED:
            self.machine.record("write-file", self.call(path, arguments), node)

    def _write(self, function: Value, arguments: list[Value]) -> None:
        target = function.target if function.target is not None else function.receiver
        origin = joined_origin(arguments)
        if target is not None and (origin & (FETCHED | Origin.CARRIED)):
            self._dropped.append(target)

    def _persist(
        self, node: ast.Call, path: str, function: Value, arguments: list[Value], keywords: dict[str, Value]
    ) -> None:
        if path.startswith("pathlib."):
            target: Value = function.receiver or UNKNOWN
            writing = "write" in path or _writes(path, arguments, keywords)
        elif path.startswith(("shutil.", "os.re", "os.sym", "os.link", "urllib", "wget")):
            target, writing = (arguments[1] if len(arguments) > 1 else UNKNOWN), True
        else:
            target = arguments[0] if arguments else UNKNOWN
            writing = _writes(path, arguments, keywords)
        text = target.text
        if writing and text:
            for name in names.PERSISTENT_FILES:
                if name in text or (text.endswith(".pth") and "site-packages" in text):
                    if text.startswith("?") and name.endswith(".py"):
                        return  # a directory that nothing is known about, often a temporary one
                    self.machine.record("persist", self.call(path, arguments or [target]), node, text[:120])
                    return

    def _delete(self, node: ast.Call, path: str, arguments: list[Value]) -> None:
        text = arguments[0].text if arguments else None
        if text is not None and path == "shutil.rmtree" and text.rstrip("/*\\") in _NOBODYS:
            self.machine.record("destroy", self.call(path, arguments), node)
        if self.machine.when is not When.DEFINED:
            self.machine.record("delete-files", self.call(path, arguments), node)

    def _descriptor(self, node: ast.Call, path: str, arguments: list[Value]) -> None:
        if path == "os.dup2" and arguments and arguments[0].path.startswith("socket."):
            self._events().add("dup2")
            self.machine.events.add("dup2")
        elif path == "os.dup2":
            self._events().add("dup2-any")
        elif path == "os.chmod" and arguments and self.was_dropped(arguments[0]):
            mode = arguments[1].const if len(arguments) > 1 else None
            if not isinstance(mode, int) or mode & 0o111:
                self._events().add("made-executable")

    def _shell_over_socket(self, node: ast.Call, shown: str, keywords: dict[str, Value]) -> None:
        for name in ("stdin", "stdout", "stderr"):
            value = keywords.get(name)
            if value is not None and value.path.startswith("socket.") and "()" in value.path:
                self.machine.record("reverse-shell", shown, node, f"its {name} is a network connection")
                return

    def scope_ends(self, events: set[str], function: FunctionNode | None) -> None:
        """A function (or, with ``None``, the module) has been gone through: judge what it does together."""
        if {"dup2", "spawn"} <= events or {"connect", "dup2-any", "spawn"} <= events:
            node: ast.AST = function if function is not None else ast.Pass(lineno=1, col_offset=0)
            self.machine.record(
                "reverse-shell",
                "socket.connect, os.dup2 and a shell",
                node,
                "a connection becomes a shell's input",
            )

    def literal_attribute(self, base: Value, name: str, node: ast.AST | None) -> None:
        """``().__class__.__base__.__subclasses__()`` and its like."""
        climbed = any(step in base.path for step in ("__class__", "__mro__", "__base"))
        if climbed and name in ("__subclasses__", "__globals__", "__builtins__"):
            where = node if node is not None else ast.Pass(lineno=0, col_offset=0)
            self.machine.record("object-walk", f"{base.path}.{name}", where)

    def hidden_name(self, node: ast.AST, value: Value, name: Value) -> None:
        """A name was computed; it matters where it is a dangerous one, and never where it is a variable's."""
        head = value.path.partition(".")[0]
        dangerous = value.path in names.COMMAND or value.path in names.SENSITIVE_BUILTINS or value.path in names.EXECUTE
        if dangerous or (name.origin & HIDDEN and head in names.DANGEROUS_MODULES):
            detail = "the name is assembled from pieces"
            self.machine.record("hidden-name", value.path, node, detail)

    def passed(self, node: ast.Call, function: Value, others: list[Value], path: str) -> None:
        """A dangerous function is handed to another function, which will call it."""
        inspected = path.startswith(("unittest", "mock", "builtins.isinstance", "builtins.print", "builtins.repr"))
        if function.path in names.COMMAND and not inspected:
            self._command(node, function.path, others[:1], {})
        elif function.path in names.SENSITIVE_BUILTINS & names.EXECUTE and others:
            self._execute(node, function.path, others[:1], {})

    # -- files -----------------------------------------------------------------------------------------

    def was_dropped(self, target: Value) -> bool:
        """Whether this file was written from the network or from hidden text before."""
        if target is UNKNOWN or not self._dropped:
            return False
        text = target.text
        for dropped in self._dropped:
            if dropped is target or (text and dropped.text == text and len(text) > 2):
                return True
            if dropped.receiver is not None and dropped.receiver is target.receiver and dropped.receiver is not UNKNOWN:
                return True
        return False

    def _names_dropped(self, word: str) -> bool:
        return any(d.text and len(d.text) > 2 and d.text in word for d in self._dropped)

    def names_credentials(self, target: Value) -> bool:
        text = target.text
        return text is not None and 3 < len(text) < 500 and any(name in text for name in names.CREDENTIAL_FILES)

    def _events(self) -> set[str]:
        return self.machine.scope.events


_NOBODYS = ("", "~", "/home", "/root", "/etc", "/usr", "/var", "C:", "?/home", "?/root")
"""Directories that no program clears with good reason."""


def _flat(values: list[Value]) -> list[Value]:
    flat: list[Value] = []
    for value in values[:40]:
        flat.append(value)
        if value.items:
            flat.extend(value.items[:40])
        if value.mapping:
            flat.extend(list(value.mapping.values())[:40])
    return flat


def _is_true(value: Value | None) -> bool:
    return value is not None and bool(value.is_const) and bool(value.const)


def _writes(path: str, arguments: list[Value], keywords: dict[str, Value]) -> bool:
    position = 0 if "Path" in path else 1
    mode = keywords.get("mode") or (arguments[position] if len(arguments) > position else UNKNOWN)
    if path == "os.open":
        return "O_W" in mode.path or "O_RDWR" in mode.path or mode is UNKNOWN
    return isinstance(mode.const, str) and any(letter in mode.const for letter in "wax+")


READERS = frozenset("tar unzip gunzip bunzip2 unxz 7z file flatc protoc ffmpeg ffprobe md5sum sha256sum cp mv".split())
"""Programs that unpack, convert or copy a file and do not start it."""
STARTERS = ("--to-command", "--checkpoint-action", "--use-compress-program", "-I", "-F", "--info-script", "--plugin")
OWN_NAME = ("socket.gethostname", "socket.gethostname()", "socket.getfqdn", "socket.getfqdn()")


def _only_reads(words: list[str]) -> bool:
    """Whether a command hands a file to a program that does not run it, and does nothing else."""
    if not words or words[0] not in READERS or any(word.startswith(STARTERS) for word in words):
        return False
    return not set(" ".join(words)) & set(";&|`$<>\n")


def _asks_own(path: str, arguments: list[Value]) -> bool:
    """Whether this looks up the address of the machine's own name, and of nothing built from it."""
    asks = path in ("socket.gethostbyname", "socket.getaddrinfo")
    return asks and any(value.path in OWN_NAME for value in arguments[:1])


def _installs(words: list[str]) -> bool:
    return "install" in words[:8] and any(
        word.rpartition("/")[2] in ("pip", "pip3", "conda", "apt", "apt-get", "npm", "easy_install", "uv", "brew")
        for word in words[:5]
    )


@cache
def _plain() -> re.Pattern[str]:
    return re.compile(r"[\w\s.,+*/%\[\]'\"<>=!&|~^-]*")


def _plain_expression(text: str) -> bool:
    return len(text) < 200 and "__" not in text and _plain().fullmatch(text) is not None
