"""A static view of unpacked Python distributions: which classes a module defines, and what their bases are.

Nothing is imported: only syntax trees are read, so that any released version of a library can be surveyed
without installing it, and a hostile or broken module cannot disturb the survey.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAX_HOPS = 12


@dataclass(slots=True)
class ClassSource:
    """One class statement: where it stands, its bases as dotted names, and its own methods."""

    module: str
    qualname: str
    bases: list[str]
    methods: dict[str, list[ast.AST]] = field(default_factory=dict)
    setters: list[ast.AST] = field(default_factory=list)
    decorators: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ModuleSource:
    """One parsed module: classes by qualified name, functions, imported names, star imports."""

    name: str
    classes: dict[str, ClassSource] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    assigned: dict[str, ast.expr] = field(default_factory=dict)


def dotted(node: ast.expr) -> str:
    """The dotted name an expression spells, "" when it spells none; subscripts are dropped."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    return ""


def _makes_tuple(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {
        "namedtuple",
        "NamedTuple",
        "_make_tuple_bunch",
    }


class SourceTree:
    """The modules below one directory that plays the part of ``site-packages``.

    Packages that are not there, such as the libraries that an old release builds on, come from ``fallback``.
    """

    def __init__(self, root: Path, fallback: SourceTree | None = None) -> None:
        self.root = root
        self.fallback = fallback
        self._modules: dict[str, ModuleSource | None] = {}
        self._resolved: dict[str, tuple[str, str] | None] = {}

    def walk(self, package: str) -> Iterator[str]:
        """Names of every module of ``package`` that stands in this tree itself, tests left out."""
        base = self.root.joinpath(*package.split("."))
        if base.with_suffix(".py").is_file():
            yield package
        if not base.is_dir():
            return
        for path in sorted(base.rglob("*.py")):
            parts = path.relative_to(self.root).with_suffix("").parts
            if any(part in {"tests", "test", "testing", "_testing", "conftest", "setup"} for part in parts):
                continue
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def module(self, name: str) -> ModuleSource | None:
        """The parsed module, ``None`` when there is no Python source for it."""
        if name not in self._modules:
            head = name.partition(".")[0]
            own = (self.root / head).is_dir() or (self.root / f"{head}.py").is_file()
            elsewhere = None if own or self.fallback is None else self.fallback
            self._modules[name] = elsewhere.module(name) if elsewhere else self._parse(name)
        return self._modules[name]

    def resolve(self, name: str, hops: int = 0) -> tuple[str, str] | None:
        """Where the class called by this absolute dotted name is really defined: (module, qualname)."""
        if name in self._resolved:
            return self._resolved[name]
        if hops > MAX_HOPS:
            return None
        self._resolved[name] = None
        parts = name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self.module(".".join(parts[:cut]))
            if module is not None:
                # Only the longest existing module is asked: asking shorter ones as well never ends in
                # packages that import each other with stars.
                self._resolved[name] = self._member(module, parts[cut:], hops)
                break
        return self._resolved[name]

    def _member(self, module: ModuleSource, rest: list[str], hops: int) -> tuple[str, str] | None:
        qualname = ".".join(rest)
        if qualname in module.classes:
            return module.name, qualname
        target = module.imports.get(rest[0])
        if target is not None and target != f"{module.name}.{rest[0]}":
            return self.resolve(".".join([target, *rest[1:]]), hops + 1)
        alias = module.assigned.get(rest[0])
        if alias is not None and (spelled := dotted(alias)) and spelled != rest[0]:
            return self.absolute(module, ".".join([spelled, *rest[1:]]), hops + 1)
        for star in module.stars:
            found = self.resolve(".".join([star, *rest]), hops + 1)
            if found is not None:
                return found
        return None

    def absolute(self, module: ModuleSource, spelled: str, hops: int = 0) -> tuple[str, str] | None:
        """Resolve a name as it is spelled inside ``module``."""
        return self._member(module, spelled.split("."), hops)

    def outer_name(self, module: ModuleSource, spelled: str) -> str:
        """The absolute dotted name of something defined outside this tree, as far as imports tell."""
        head, _, tail = spelled.partition(".")
        target = module.imports.get(head, head)
        return f"{target}.{tail}" if tail else target

    def _parse(self, name: str) -> ModuleSource | None:
        base = self.root.joinpath(*name.split("."))
        path, is_package = base / "__init__.py", True
        if not path.is_file():
            path, is_package = base.with_suffix(".py"), False
        if not path.is_file():
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            return None
        module = ModuleSource(name)
        package = name if is_package else name.rpartition(".")[0]
        self._body(tree.body, module, package, "")
        return module

    def _body(self, body: list[ast.stmt], module: ModuleSource, package: str, prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                self._class(node, module, package, prefix)
            elif isinstance(node, ast.FunctionDef) and not prefix:
                module.functions.add(node.name)
            elif isinstance(node, ast.Import):
                for item in node.names:
                    key = item.asname or item.name.split(".")[0]
                    module.imports[key] = item.name if item.asname else key
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node, module, package)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name) and not prefix:
                        module.assigned[target.id] = node.value
                        if _makes_tuple(node.value):
                            module.classes.setdefault(target.id, ClassSource(module.name, target.id, ["tuple"]))
            elif isinstance(node, ast.If | ast.Try | ast.With):
                for part in ("body", "orelse", "finalbody"):
                    self._body(getattr(node, part, []), module, package, prefix)
                for handler in getattr(node, "handlers", []):
                    self._body(handler.body, module, package, prefix)

    @staticmethod
    def _import_from(node: ast.ImportFrom, module: ModuleSource, package: str) -> None:
        origin = node.module or ""
        if node.level:
            parts = package.split(".")
            parts = parts[: len(parts) - (node.level - 1)]
            origin = ".".join([*parts, origin] if origin else parts)
        for item in node.names:
            if item.name == "*":
                module.stars.append(origin)
            else:
                module.imports.setdefault(item.asname or item.name, f"{origin}.{item.name}")

    def _class(self, node: ast.ClassDef, module: ModuleSource, package: str, prefix: str) -> None:
        qualname = f"{prefix}{node.name}"
        bases: list[str] = []
        for base in node.bases:
            # Old Python 2 and 3 code says with_metaclass(Meta, Base, ...); namedtuple("N", ...) makes a tuple.
            if isinstance(base, ast.Call):
                maker = dotted(base.func).rpartition(".")[2]
                if maker == "with_metaclass":
                    bases.extend(dotted(item) or "?" for item in base.args[1:])
                else:
                    bases.append("tuple" if maker in {"namedtuple", "NamedTuple"} else "?")
            else:
                bases.append(dotted(base) or "?")
        entry = ClassSource(module.name, qualname, bases)
        for decorator in node.decorator_list:
            entry.decorators.append(dotted(decorator.func if isinstance(decorator, ast.Call) else decorator))
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                kinds = [dotted(d).rpartition(".")[2] for d in item.decorator_list if not isinstance(d, ast.Call)]
                if "setter" in kinds:
                    entry.setters.append(item)
                entry.methods.setdefault(item.name, []).append(item)
            elif isinstance(item, ast.Assign):
                for target in item.targets:
                    if isinstance(target, ast.Name):
                        entry.methods.setdefault(target.id, []).append(item)
        module.classes.setdefault(qualname, entry)
        self._body(node.body, module, package, f"{qualname}.")
