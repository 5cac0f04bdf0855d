"""Edits within one call of Python source, and the proof that nothing else changes.

A call is edited as text, so that formatting and comments stay; then text and edit are parsed, and the tree of the
edited text must be that of the original with the intended change made to it.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings

Edit = tuple[int, int, str]
"""Start and end in the text, and the replacement."""


class EditError(ValueError):
    """The call cannot be edited; the text of the error is a clause that says why."""


def parsed(text: str) -> ast.Module:
    """Raises ``EditError``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise EditError("it is no Python of this version") from error


def call_of(text: str) -> ast.Call:
    """The call that ``text`` is. Raises ``EditError``."""
    module = parsed(f"({text}\n)")
    if len(module.body) == 1 and isinstance(module.body[0], ast.Expr) and isinstance(module.body[0].value, ast.Call):
        return module.body[0].value
    raise EditError("it is no plain call")


def add_keyword(text: str, name: str, value: str) -> Edit:
    """The edit that adds ``name=value`` as the last argument of the call ``text``, after a trailing comma too."""
    call = call_of(text)
    if any(keyword.arg == name for keyword in call.keywords):
        raise EditError(f"it has the argument {name} already")
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(f"({text}\n)", newline="").readline)
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.INDENT)
    ]
    tokens.pop()  # the parenthesis that was put around it
    if len(tokens) < 3 or tokens[-1].string != ")":
        raise EditError("its end cannot be found")
    before = tokens[-2]
    at = _position(f"({text}\n)", before.end) - 1
    if before.string == "(" and not call.args and not call.keywords:
        return at, at, f"{name}={value}"
    if before.string == ",":
        return at, at, f" {name}={value},"
    return at, at, f", {name}={value}"


def _position(text: str, place: tuple[int, int]) -> int:
    lines = io.StringIO(text, newline="").readlines()
    return sum(len(line) for line in lines[: place[0] - 1]) + place[1]


def rename_function(text: str, old: str, new: str) -> Edit:
    """The edit that changes ``module.old(...)`` to ``module.new(...)``."""
    call = call_of(text)
    if not isinstance(call.func, ast.Attribute) or call.func.attr != old:
        raise EditError(f"the function has another name here, so {new} may not be there under its own")
    return _attribute(text, call.func, new)


def rename_argument(text: str, name: str, position: int, old: tuple[str, ...], new: str) -> Edit:
    """The edit that changes the last name of an argument: ``Loader=yaml.Loader`` to ``Loader=yaml.SafeLoader``."""
    node = argument(text, name, position)
    if not isinstance(node, ast.Attribute) or node.attr not in old:
        raise EditError(f"{name} is not spelled out, so {new} may not be there under its own name")
    return _attribute(text, node, new)


def replace_argument(text: str, name: str, new: str) -> Edit:
    """The edit that replaces the value of a keyword."""
    node = argument(text, name, -1)
    start, end = _span(text, node)
    return start, end, new


def argument(text: str, name: str, position: int) -> ast.expr:
    call = call_of(text)
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if 0 <= position < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: position + 1]):
        return call.args[position]
    raise EditError(f"the argument {name} is not written there")


def _attribute(text: str, node: ast.Attribute, new: str) -> Edit:
    _, end = _span(text, node)
    return end - len(node.attr), end, new


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    wrapped = f"({text}\n)"
    lines = wrapped.encode("utf-8", "surrogatepass").splitlines(keepends=True) if "\f" in wrapped else None
    if lines is not None:
        raise EditError("it holds a form feed")
    pieces = io.StringIO(wrapped, newline="").readlines()

    def place(row: int, column: int) -> int:
        line = pieces[row - 1].encode("utf-8", "surrogatepass")
        before = len(line[:column].decode("utf-8", "surrogatepass"))
        return sum(len(piece) for piece in pieces[: row - 1]) + before - 1

    return place(node.lineno, node.col_offset), place(node.end_lineno or 0, node.end_col_offset or 0)


Change = tuple[str, str, str]
"""``("keyword", name, value)`` for a keyword that is added or set to a constant, ``("function", old, new)`` and
``("attribute", old, new)`` (in an argument) for a renamed attribute."""


def verify_call(before: str, after: str, change: Change) -> None:
    """The tree of the call ``after`` must be that of ``before`` with one change. Raises ``EditError``."""
    wanted = call_of(before)
    _change(wanted, change)
    if ast.dump(wanted) != ast.dump(call_of(after)):
        raise EditError("the rewritten call would not mean what it should")


def verify_module(before: str, after: str, changes: list[tuple[int, int, int, int, Change]]) -> None:
    """The tree of the module ``after`` must be that of ``before`` with these changes made to its calls, each given
    by first and last line and column (lines from 1, columns from 0 in characters). Raises ``EditError``."""
    tree = parsed(before)
    lines = io.StringIO(before, newline="").readlines()
    wanted = {place[:4]: place[4] for place in changes}
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.Call):
            change = wanted.pop(_place(node, lines), None)
            if change is not None:
                _change(node, change)
    if wanted:
        raise EditError("the call is not found again")
    if ast.dump(tree) != ast.dump(parsed(after)):
        raise EditError("something else than the call would change")


def _place(node: ast.Call, lines: list[str]) -> tuple[int, int, int, int]:
    def column(row: int, offset: int) -> int:
        line = lines[row - 1] if row <= len(lines) else ""
        return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace"))

    end = node.end_lineno or node.lineno
    return node.lineno, column(node.lineno, node.col_offset), end, column(end, node.end_col_offset or 0)


def _change(call: ast.Call, change: Change) -> None:
    kind, name, value = change
    if kind == "keyword":
        constant = ast.Constant(ast.literal_eval(value))
        found = [keyword for keyword in call.keywords if keyword.arg == name]
        if found:
            found[0].value = constant
        else:
            call.keywords.append(ast.keyword(name, constant))
    elif kind == "function":
        if not isinstance(call.func, ast.Attribute) or call.func.attr != name:
            raise EditError("the function has another name here")
        call.func.attr = value
    else:
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        named = [node for node in values if isinstance(node, ast.Attribute) and node.attr == name]
        if len(named) != 1:
            raise EditError("the argument cannot be told from another one")
        named[0].attr = value
