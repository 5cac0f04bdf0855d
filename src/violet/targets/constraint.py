"""Constraints between the features of a table: a small language, read without ever running it.

A constraint compares arithmetic: ``open_accounts <= total_accounts``, ``ratio == debt / income``, ``0 <= a - b < 10``.

    constraint = sum (("<=" | "<" | ">=" | ">" | "==" | "!=") sum)+
    sum        = numbers, feature names, + - * / **, parentheses, min(...), max(...), abs(...)

A name that is no Python identifier stands in backquotes: ```capital-gain` >= 0``. The text is parsed by ``ast`` and
translated, node by node, from an allow-list into expressions of this module, which numpy evaluates in float64; nothing
is compiled or executed. Numbers are floats from the start, so that no power of integers grows without bound.
"""

from __future__ import annotations

import ast
import difflib
import unicodedata
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

LONGEST = 2_000
"""Characters of one constraint."""
DEEPEST = 150
"""Levels of nesting."""
ALLOWED = "Allowed are numbers, feature names, + - * / **, min, max, abs and comparisons."

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARED = {ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.Eq: "==", ast.NotEq: "!="}
_FUNCTIONS = ("min", "max", "abs")


@dataclass(frozen=True, slots=True)
class Expression:
    """``kind`` is ``number``, ``feature``, an operator, or a function; ``index`` is the feature's column."""

    kind: str
    parts: tuple[Expression, ...] = ()
    number: float = 0.0
    index: int = -1

    @property
    def features(self) -> frozenset[int]:
        """Columns it speaks of."""
        if self.kind == "feature":
            return frozenset((self.index,))
        return frozenset().union(*(part.features for part in self.parts))

    def evaluate(self, x: Array) -> Array:
        """Rows ``(n, d)`` float64 to ``(n,)``; NaN or infinite where arithmetic leads there."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self._evaluate(x)

    def _evaluate(self, x: Array) -> Array:
        import numpy as np

        if self.kind == "number":
            return np.full(len(x), self.number)
        if self.kind == "feature":
            return np.asarray(x[:, self.index], dtype=np.float64)
        values = [part._evaluate(x) for part in self.parts]
        if self.kind == "abs":
            return np.asarray(np.abs(values[0]))
        if self.kind in ("min", "max"):
            reduce = np.minimum.reduce if self.kind == "min" else np.maximum.reduce
            return np.asarray(reduce(values))
        return _apply(self.kind, values[0], values[1])

    def affine(self, x: Array, column: int) -> tuple[Array, Array] | None:
        """The expression as ``slope * feature + rest`` in the feature of this ``column``, the others as they stand in
        ``x``: both ``(n,)``. ``None`` where it is no such thing as it is written."""
        import numpy as np

        if column not in self.features:
            return np.zeros(len(x)), self.evaluate(x)
        if self.kind == "feature":
            return np.ones(len(x)), np.zeros(len(x))
        if self.kind not in ("+", "-", "*", "/"):
            return None
        first, second = (part.affine(x, column) for part in self.parts)
        if first is None or second is None:
            return None
        with np.errstate(all="ignore"):
            if self.kind in ("+", "-"):
                return _apply(self.kind, first[0], second[0]), _apply(self.kind, first[1], second[1])
            right = column in self.parts[1].features
            if self.kind == "*" and not (right and column in self.parts[0].features):
                factor, moved = (first[1], second) if right else (second[1], first)
                return moved[0] * factor, moved[1] * factor
            if self.kind == "/" and not right:
                return first[0] / second[1], first[1] / second[1]
        return None


def _apply(operator: str, a: Array, b: Array) -> Array:
    import numpy as np

    if operator == "+":
        return np.asarray(a + b)
    if operator == "-":
        return np.asarray(a - b)
    if operator == "*":
        return np.asarray(a * b)
    return np.asarray(a / b if operator == "/" else np.power(a, b))


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left operator right``. ``tolerance`` widens ``==``; beyond it ``==``, ``<=`` and ``>=`` forgive what the
    rounding of numbers of the given precision does to either side, and no more."""

    left: Expression
    operator: str
    right: Expression
    tolerance: float

    @property
    def features(self) -> frozenset[int]:
        return self.left.features | self.right.features

    def holds(self, x: Array, epsilon: float = 2.3e-16) -> Array:
        """Rows ``(n, d)`` float64 to ``(n,)`` bool. ``epsilon`` is that of the type the rows were stored in. A row in
        which a feature it speaks of is missing (NaN) is not judged; arithmetic that leads nowhere (0 / 0) fails."""
        import numpy as np

        left, right = self.left.evaluate(x), self.right.evaluate(x)
        with np.errstate(all="ignore"):
            slack = 4 * epsilon * np.maximum(np.abs(left), np.abs(right))
            slack = np.where(np.isfinite(slack), slack, 0.0)
            if self.operator == "==":
                good = np.abs(left - right) <= slack + self.tolerance
            elif self.operator == "<=":
                good = left <= right + slack
            elif self.operator == ">=":
                good = left >= right - slack
            elif self.operator == "<":
                good = left < right
            elif self.operator == ">":
                good = left > right
            else:
                good = (left != right) & ~np.isnan(left) & ~np.isnan(right)
        missing = np.isnan(x[:, sorted(self.features)]).any(axis=1)
        return np.asarray(good | missing)


@dataclass(frozen=True, slots=True)
class Relation:
    """A constraint as it was read: all its comparisons must hold."""

    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def features(self) -> frozenset[int]:
        return frozenset().union(*(comparison.features for comparison in self.comparisons))

    def holds(self, x: Array, epsilon: float = 2.3e-16) -> Array:
        """As for ``Comparison``."""
        import numpy as np

        good = np.ones(len(x), dtype=bool)
        for comparison in self.comparisons:
            good &= comparison.holds(x, epsilon)
        return good


def parse(text: str, names: Sequence[str], tolerance: float = 1e-6, where: str = "") -> Relation:
    """Read a constraint over the features ``names``. Raises ``ConfigurationError``, which names the column of the text
    and what is allowed there; ``where`` says what the text belongs to."""
    reader = _Reader(text, names, where)
    if not text.strip():
        raise reader.error("it is empty", None)
    if len(text) > LONGEST:
        raise reader.error(f"it is longer than {LONGEST} characters", None)
    if "\n" in text or "\r" in text or "\0" in text:
        raise reader.error("it must stand on one line", None)
    return reader.relation(tolerance)


class _Reader:
    def __init__(self, text: str, names: Sequence[str], where: str) -> None:
        self.text = text
        self.where = where
        self.names = {name: index for index, name in enumerate(names)}
        # Python normalises identifiers, so features are found under their normal form as well.
        self.normal = {unicodedata.normalize("NFKC", name): index for index, name in enumerate(names)}
        self.quoted: dict[str, int] = {}

    def relation(self, tolerance: float) -> Relation:
        source = self._unquote()
        begin = len(source) - len(source.lstrip())
        source = source[begin:]
        self.offset = begin
        self.source = source
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Python finds odd is answered for below
                root: ast.expr = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            at = (error.offset or 1) - 1 + begin
            raise self.error("here it cannot be read", min(at, len(self.text))) from None
        except (ValueError, MemoryError, RecursionError, OverflowError):
            raise self.error("it cannot be read", None) from None
        if not isinstance(root, ast.Compare):
            raise self.error("it compares nothing", self._column(root), "Write it like: a <= b")
        sides = [self._expression(side, 0) for side in (root.left, *root.comparators)]
        found: list[Comparison] = []
        for operator, left, right in zip(root.ops, sides[:-1], sides[1:], strict=True):
            sign = _COMPARED.get(type(operator))
            if sign is None:
                raise self.error("this comparison is not known", self._column(root))
            found.append(Comparison(left, sign, right, tolerance))
        relation = Relation(self.text.strip(), tuple(found))
        if not relation.features:
            raise self.error("it speaks of no feature", None)
        return relation

    def _unquote(self) -> str:
        """The text with names in backquotes replaced by identifiers of the same length, so that columns stay."""
        pieces = self.text.split("`")
        if len(pieces) % 2 == 0:
            raise self.error("a backquote is not closed", self.text.rindex("`"))
        letters = (chr(code) for code in range(0x4E00, 0x9FA5) if chr(code) not in self.text)
        at = 0
        for place, piece in enumerate(pieces):
            if place % 2:
                index = self.names.get(piece)
                if index is None:
                    raise self._unknown(piece, at)
                stand_in = next(letters) + "_" * (len(piece) + 1)
                self.quoted[stand_in] = index
                pieces[place] = stand_in
            at += len(piece) + 1
        return "".join(pieces)

    def _expression(self, node: ast.expr, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self.error(f"it is nested deeper than {DEEPEST} levels", self._column(node))
        if isinstance(node, ast.Constant):
            return self._number(node, node.value)
        if isinstance(node, ast.Name):
            index = self.quoted.get(node.id, self.names.get(node.id, self.normal.get(node.id)))
            if index is None:
                raise self._unknown(node.id, self._column(node))
            return Expression("feature", index=index)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self._expression(node.operand, depth + 1)
            return inner if isinstance(node.op, ast.UAdd) else Expression("-", (Expression("number"), inner))
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            parts = (self._expression(node.left, depth + 1), self._expression(node.right, depth + 1))
            return Expression(_BINARY[type(node.op)], parts)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self.error(f"{_kind(node)} is not allowed", self._column(node))

    def _number(self, node: ast.expr, value: object) -> Expression:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(f"{value!r:.40} is not a number", self._column(node))
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if number in (float("inf"), float("-inf")):
            raise self.error("this number is too large", self._column(node))
        return Expression("number", number=number)

    def _call(self, node: ast.Call, depth: int) -> Expression:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise self.error("only min, max and abs can be called", self._column(node))
        wanted = "one value" if name == "abs" else "two values or more"
        if node.keywords or (len(node.args) != 1 if name == "abs" else len(node.args) < 2):
            raise self.error(f"{name} takes {wanted}", self._column(node))
        return Expression(name, tuple(self._expression(argument, depth + 1) for argument in node.args))

    def _column(self, node: ast.AST) -> int:
        """Of the text, in characters from 0; Python counts bytes of UTF-8."""
        before = self.source.encode("utf-8")[: getattr(node, "col_offset", 0)]
        return len(before.decode("utf-8", "ignore")) + self.offset

    def _unknown(self, name: str, column: int) -> ConfigurationError:
        close = difflib.get_close_matches(name, list(self.names), 1, 0.5)
        hint = f"Did you mean {close[0]}?" if close else f"Features are: {', '.join(list(self.names)[:12])}."
        return self.error(f"there is no feature {name!r:.60}", column, hint)

    def error(self, what: str, column: int | None, hint: str = ALLOWED) -> ConfigurationError:
        at = "" if column is None else f", column {column + 1}"
        shown = self.text if len(self.text) <= 80 else f"{self.text[:77]}..."
        prefix = f"{self.where}: " if self.where else ""
        return ConfigurationError(f"{prefix}constraint {shown!r}{at}: {what}.", hint)


def _kind(node: ast.AST) -> str:
    names = {"Attribute": "a dot", "Subscript": "an index", "BoolOp": "and/or", "Compare": "a comparison inside"}
    return names.get(type(node).__name__, f"this ({type(node).__name__})")
