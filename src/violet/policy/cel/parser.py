"""From text to tree: a recursive-descent parser for CEL, bounded in length and depth.

Not understood, and refused by name: messages, bytes, unsigned numbers, optional fields and names with a leading
dot. Nothing in a policy's context needs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from violet.policy.cel.tree import (
    MACROS,
    Binary,
    Call,
    Conditional,
    Index,
    ListOf,
    Literal,
    Logical,
    Macro,
    MapOf,
    Name,
    Node,
    Select,
    Unary,
)

LONGEST = 4096
"""Characters of one expression."""
DEEPEST = 24
"""Operations within operations. The engine's own stack is not guarded, so this is."""
_LARGEST = 2**63 - 1

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
    |(?P<bytes>[bB][rR]?["'])
    |(?P<string>[rR]?(?:'''|\"\"\"|'|"))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]*\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r", "?": "?", "`": "`"}
_RESERVED = frozenset(
    "as break const continue else false for function if import in let loop package namespace null return true var"
    " void while".split()
)
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))


class ExpressionError(ValueError):
    """An expression that says nothing that can be asked; ``at`` is the character (from 0) where, ``hint`` a
    suggestion."""

    def __init__(self, message: str, at: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def __str__(self) -> str:
        return f"character {self.at + 1}: {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class _Token:
    """``kind`` is ``string``, ``number``, ``name``, ``operator`` or ``end``; ``value`` that of a literal."""

    kind: str
    text: str
    at: int
    value: str | int | float = ""


def parse(text: str) -> Node:
    """The tree of one expression. Raises ``ExpressionError``."""
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression is longer than {LONGEST:,} characters", LONGEST)
    if not text.strip():
        raise ExpressionError("the expression is empty", 0)
    parser = _Parser(_tokens(text))
    node = parser.expression(0)
    if parser.token.kind != "end":
        parser.refuse(f"{parser.token.text!r} does not belong here")
    return node


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"{text[at]!r} means nothing in an expression", at, _for_character(text[at]))
        kind = match.lastgroup or ""
        if kind == "bytes":
            raise ExpressionError("bytes are not used in policies", at)
        if kind == "string":
            token = _string(text, at, match[0])
        elif kind == "number":
            token = _number(match[0], at)
        else:
            token = _Token(kind, match[0], at)
        at = match.end() if kind != "string" else at + len(token.text)
        if kind != "space":
            tokens.append(token)
    return [*tokens, _Token("end", "", len(text))]


def _for_character(character: str) -> str:
    return {"=": "write == to compare", "&": "write &&", "|": "write ||", "`": "use ' or \" for texts"}.get(
        character, ""
    )


def _string(text: str, start: int, opening: str) -> _Token:
    quote = opening.lstrip("rR")
    raw = quote != opening
    at = start + len(opening)
    parts: list[str] = []
    while not text.startswith(quote, at):
        if at >= len(text) or (text[at] == "\n" and len(quote) == 1):
            raise ExpressionError("the text that begins here does not end", start)
        if text[at] == "\\" and not raw:
            if text[at + 1 : at + 2] not in _ESCAPES:
                raise ExpressionError("an escape that is not used in policies", at, r"\\, \', \", \n and \t are")
            parts.append(_ESCAPES[text[at + 1]])
            at += 2
            continue
        if 0xD800 <= ord(text[at]) <= 0xDFFF:
            raise ExpressionError("a text that is not Unicode", at)
        parts.append(text[at])
        at += 1
    return _Token("string", text[start : at + len(quote)], start, "".join(parts))


def _number(text: str, at: int) -> _Token:
    if text[-1] in "uU":
        raise ExpressionError("unsigned numbers are not used in policies", at, f"write {text[:-1]}")
    if text[:2] in ("0x", "0X"):
        value: int | float = int(text, 16)
    elif text.isdecimal():
        value = int(text)
    else:
        value = float(text)
        if value == float("inf"):
            raise ExpressionError("the number is too large", at)
    if isinstance(value, int) and value > _LARGEST:
        raise ExpressionError("the number is too large", at)
    return _Token("number", text, at, value)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._at]

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        raise ExpressionError(message, self.token.at, hint)

    def expression(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.refuse(f"operations stand within more than {DEEPEST} others")
        condition = self._level(0, depth)
        if not self._accept("?"):
            return condition
        then = self._level(0, depth + 1)
        self._expect(":")
        return Conditional(condition, then, self.expression(depth + 1), condition.at)

    def _level(self, level: int, depth: int) -> Node:
        """Operators of one precedence, and of the ones that bind tighter."""
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self._level(level + 1, depth)
        steps = depth
        while self.token.kind in ("operator", "name") and self.token.text in _LEVELS[level]:
            operator, at = self.token.text, self.token.at
            self._at += 1
            right = self._level(level + 1, depth + 1)
            if operator in ("&&", "||"):
                before = left.operands if isinstance(left, Logical) and left.operator == operator else (left,)
                left = Logical(operator, (*before, right), at)
                continue
            steps += 1
            if steps > DEEPEST:
                self.refuse(f"operations stand within more than {DEEPEST} others")
            left = Binary(operator, left, right, at)
        return left

    def _unary(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.refuse(f"operations stand within more than {DEEPEST} others")
        at = self.token.at
        if self._accept("!"):
            return Unary("!", self._unary(depth + 1), at)
        if self._accept("-"):
            operand = self._unary(depth + 1)
            if isinstance(operand, Literal) and type(operand.value) in (int, float):
                assert isinstance(operand.value, int | float)
                return Literal(-operand.value, at)
            return Unary("-", operand, at)
        return self._member(depth)

    def _member(self, depth: int) -> Node:
        node = self._primary(depth)
        steps = depth
        while True:
            at = self.token.at
            if self._accept("."):
                if self.token.text == "?":
                    self.refuse("optional fields are not used in policies", "ask has(x.field) first")
                node = self._selected(node, depth)
            elif self._accept("["):
                node = Index(node, self.expression(depth + 1), at)
                self._expect("]")
            else:
                return node
            steps += 1
            if steps > DEEPEST:
                self.refuse(f"operations stand within more than {DEEPEST} others")

    def _selected(self, node: Node, depth: int) -> Node:
        at = self.token.at
        name = self._name("the name of a field")
        if self.token.text != "(":
            return Select(node, name, at)
        arguments = self._arguments(depth)
        if name not in MACROS:
            return Call(name, node, arguments, at)
        if len(arguments) not in ((2, 3) if name == "map" else (2,)):
            raise ExpressionError(f"{name} needs a name and a condition", at, f"as in findings.{name}(f, ...)")
        variable = arguments[0]
        if not isinstance(variable, Name):
            raise ExpressionError(f"the first argument of {name} must be a plain name", variable.at)
        if len(arguments) == 3:
            return Macro(name, node, variable.name, arguments[2], at, arguments[1])
        return Macro(name, node, variable.name, arguments[1], at)

    def _primary(self, depth: int) -> Node:
        token = self.token
        if token.kind in ("string", "number"):
            self._at += 1
            return Literal(token.value, token.at)
        if token.kind == "name":
            if token.text in ("true", "false", "null"):
                self._at += 1
                return Literal({"true": True, "false": False, "null": None}[token.text], token.at)
            return self._named(depth)
        if self._accept("("):
            node = self.expression(depth + 1)
            self._expect(")")
            return node
        if self._accept("["):
            items = self._listed("]", depth)
            return ListOf(items, token.at)
        if self._accept("{"):
            return self._map(depth, token.at)
        if token.kind == "end":
            self.refuse("the expression ends where something should follow")
        return self.refuse(f"{token.text!r} does not belong here")

    def _named(self, depth: int) -> Node:
        at = self.token.at
        name = self._name("a name")
        if self.token.text == "{":
            self.refuse("messages are not used in policies")
        if self.token.text != "(":
            return Name(name, at)
        arguments = self._arguments(depth)
        if name != "has":
            return Call(name, None, arguments, at)
        if len(arguments) != 1 or not isinstance(arguments[0], Select) or arguments[0].test:
            raise ExpressionError("has() asks for one field", at, "as in has(bom.licenses)")
        return Select(arguments[0].operand, arguments[0].field, arguments[0].at, test=True)

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        self._expect("(")
        return self._listed(")", depth)

    def _listed(self, closing: str, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._accept(closing):
            if items:
                self._expect(",")
                if self._accept(closing):
                    if closing == ")":
                        self.refuse("an argument is missing")
                    break
            items.append(self.expression(depth + 1))
        return tuple(items)

    def _map(self, depth: int, at: int) -> Node:
        items: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            if items:
                self._expect(",")
                if self._accept("}"):
                    break
            key = self.expression(depth + 1)
            self._expect(":")
            items.append((key, self.expression(depth + 1)))
        return MapOf(tuple(items), at)

    def _name(self, what: str) -> str:
        token = self.token
        if token.kind != "name":
            self.refuse(f"{what} should stand here")
        if token.text in _RESERVED:
            self.refuse(f"{token.text!r} is a word of the language and cannot be {what}")
        self._at += 1
        return token.text

    def _accept(self, text: str) -> bool:
        if self.token.kind == "operator" and self.token.text == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self.refuse(f"{text!r} should stand here")
