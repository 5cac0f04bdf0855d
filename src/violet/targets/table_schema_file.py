"""Schema files of tables: read with every key checked, guessed from data, and written to start from.

    label = "default"
    constraints = ["open_accounts <= total_accounts", { text = "ratio == debt / income", tolerance = 0.01 }]

    [features.age]
    type = "integer"
    range = [18, 100]
    immutable = true

    [groups]
    housing = ["housing_own", "housing_rent", "housing_free"]

The order of the features is the order of the columns. The same structure in JSON is read from files that end in
``.json``.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import ConfigurationError
from violet.targets.constraint import parse
from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

LARGEST = 4 * 1024 * 1024
"""Bytes of a schema file."""
MOST_VALUES = 1_000
"""Different words of a column that is still taken for categorical."""

_TOP = ("label", "features", "groups", "constraints")
_KEYS = ("type", "range", "values", "direction", "immutable", "step", "default")
_EMPTY = "a feature needs a name"


def load_schema(path: str | os.PathLike[str]) -> TableSchema:
    """Read a schema. Raises ``ConfigurationError``, which names the file, the place and what can stand there."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"{name} is larger than {LARGEST:,} bytes.")
    return parse_schema(content, name)


def parse_schema(content: bytes, name: str = "schema.toml") -> TableSchema:
    """The schema in the bytes of a file called ``name``. Raises ``ConfigurationError``."""
    import tomllib

    is_json = name.lower().endswith(".json")
    try:
        text = content.decode("utf-8-sig")
        whole: Any = json.loads(text) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is not valid {'JSON' if is_json else 'TOML'}: {error}.") from None
    if not isinstance(whole, dict):
        raise ConfigurationError(f"{name} must hold a table with the key 'features'.")
    return _Reader(name).schema(whole)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def schema(self, whole: Mapping[str, Any]) -> TableSchema:
        self._known(whole, _TOP, "")
        table = whole.get("features")
        if not isinstance(table, dict) or not table:
            raise self._error("it describes no features", 'Write for each column: [features.age] and type = "integer".')
        features = tuple(self._feature(name, value) for name, value in table.items())
        features = self._grouped(features, whole.get("groups", {}))
        names = [feature.name for feature in features]
        label = whole.get("label", "")
        if not isinstance(label, str):
            raise self._error("label must be the name of a column")
        if label in names:
            raise self._error(f"the label {label!r} is described as a feature", "A model must not be given its label.")
        return TableSchema(features, self._constraints(whole.get("constraints", []), names), label)

    def _feature(self, name: str, table: Any) -> Feature:
        at = f"features.{name}"
        if not name:
            raise self._error(_EMPTY)
        if not isinstance(table, dict):
            raise self._error(f"{at} must be a table", f'Write: [{at}] and type = "integer".')
        self._known(table, _KEYS, f"{at}.")
        kind = self._choice(
            table.get("type", "categorical" if "values" in table else "real"), FeatureType, f"{at}.type"
        )
        direction = self._choice(table.get("direction", "any"), Direction, f"{at}.direction")
        immutable = table.get("immutable", False)
        if not isinstance(immutable, bool):
            raise self._error(f"{at}.immutable must be true or false")
        if immutable:
            if direction not in (Direction.ANY, Direction.NONE):
                raise self._error(f"{at} is immutable and has the direction {direction.value!r}", "Leave one out.")
            direction = Direction.NONE
        low, high = self._range(table.get("range"), at)
        step = self._number(table.get("step", 0), f"{at}.step")
        if step < 0 or not math.isfinite(step):
            raise self._error(f"{at}.step must be 0 or above")
        default = None if "default" not in table else self._number(table["default"], f"{at}.default")
        feature = Feature(name, kind, low, high, direction, self._values(table, kind, at), step, default=default)
        return self._consistent(feature, at)

    def _consistent(self, feature: Feature, at: str) -> Feature:
        kind = feature.type
        if kind is FeatureType.INTEGER and any(
            math.isfinite(number) and number != round(number) for number in (feature.low, feature.high, feature.step)
        ):
            raise self._error(f"{at} is an integer, and its range or step is not whole")
        if kind in (FeatureType.BINARY, FeatureType.CATEGORICAL) and feature.step:
            raise self._error(f"{at} is {kind.value} and needs no step", "Leave it out.")
        low, high = feature.bounds
        if low > high:
            raise self._error(f"{at}.range leaves no value for the type {kind.value}")
        if feature.default is not None and not low <= feature.default <= high:
            raise self._error(f"{at}.default lies outside its range")
        return feature

    def _values(self, table: Mapping[str, Any], kind: FeatureType, at: str) -> tuple[str, ...]:
        values = table.get("values", [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._error(f"{at}.values must be a list of words", 'Write it like: values = ["car", "house"]')
        if len(set(values)) != len(values):
            raise self._error(f"{at}.values names one twice")
        if kind is FeatureType.CATEGORICAL and not values:
            raise self._error(f"{at} is categorical and has no values", 'Write it like: values = ["car", "house"]')
        if kind is not FeatureType.CATEGORICAL and values:
            raise self._error(f"{at} has values and is {kind.value}", 'Write: type = "categorical"')
        return tuple(values)

    def _range(self, value: Any, at: str) -> tuple[float, float]:
        if value is None:
            return float("-inf"), float("inf")
        if not isinstance(value, list) or len(value) != 2:
            raise self._error(f"{at}.range must be two numbers", "Write it like: range = [0, 100]; inf is allowed.")
        low, high = (self._number(end, f"{at}.range") for end in value)
        if low > high:
            raise self._error(f"{at}.range begins above its end")
        return low, high

    def _number(self, value: Any, at: str) -> float:
        if isinstance(value, str) and value in ("inf", "-inf"):  # JSON has no other way
            return float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise self._error(f"{at}: {value!r:.40} is not a number")
        try:
            return float(value)
        except OverflowError:
            raise self._error(f"{at}: this number is too large") from None

    def _grouped(self, features: tuple[Feature, ...], groups: Any) -> tuple[Feature, ...]:
        if not isinstance(groups, dict):
            raise self._error("groups must be a table", 'Write: [groups] and housing = ["housing_own", "housing_rent"]')
        at = {feature.name: index for index, feature in enumerate(features)}
        found = list(features)
        for group, members in groups.items():
            if not isinstance(members, list) or len(members) < 2 or not all(isinstance(m, str) for m in members):
                raise self._error(f"groups.{group} must be a list of two features or more")
            for member in members:
                if member not in at:
                    raise self._error(f"groups.{group}: there is no feature {member!r}", _nearest(member, list(at)))
                feature = found[at[member]]
                if feature.group:
                    raise self._error(f"{member!r} is in two groups, {feature.group} and {group}")
                if feature.type is FeatureType.CATEGORICAL:
                    raise self._error(f"groups.{group}: {member!r} is categorical, and members are 0 or 1")
                found[at[member]] = replace(feature, type=FeatureType.BINARY, group=group)
        return tuple(found)

    def _constraints(self, items: Any, names: list[str]) -> tuple[Constraint, ...]:
        if not isinstance(items, list):
            raise self._error("constraints must be a list", 'Write it like: constraints = ["a <= b"]')
        found: list[Constraint] = []
        for place, item in enumerate(items, 1):
            at = f"constraints, number {place}"
            table = {"text": item} if isinstance(item, str) else item
            if not isinstance(table, dict) or not isinstance(table.get("text"), str):
                raise self._error(f"{at} must be text, or a table with text and tolerance")
            self._known(table, ("text", "tolerance"), f"{at}: ")
            tolerance = self._number(table.get("tolerance", 1e-6), f"{at}: tolerance")
            if not 0 <= tolerance < float("inf"):
                raise self._error(f"{at}: tolerance must be 0 or above")
            parse(table["text"], names, tolerance, self.name)
            found.append(Constraint(table["text"], tolerance))
        return tuple(found)

    def _choice(self, value: Any, kinds: Any, at: str) -> Any:
        known = [kind.value for kind in kinds]
        if value not in known:
            raise self._error(f"{at}: {value!r:.40} is not known", _nearest(str(value), known))
        return kinds(value)

    def _known(self, table: Mapping[str, Any], known: tuple[str, ...], at: str) -> None:
        for key in table:
            if key not in known:
                raise self._error(f"{at}{key} is not known", _nearest(key, list(known)))

    def _error(self, what: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.name}: {what}.", hint)


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known[:20])}."


# -- guessed from data -----------------------------------------------------------------------------


def infer_schema(names: Sequence[str], columns: Sequence[Array], label: str = "") -> TableSchema:
    """A first guess: types, ranges as seen, and one-hot groups by common beginnings. ``columns`` are arrays ``(n,)``,
    one a name, of numbers (NaN where missing) or of text.

    Nothing is guessed of what an attacker can change, nor of constraints: those, data does not tell. Raises
    ``ConfigurationError`` where a column cannot be described.
    """
    if len(names) != len(columns):
        raise ConfigurationError(f"{len(columns)} columns were given for {len(names)} names.")
    doubled = {name for name in names if list(names).count(name) > 1} if len(set(names)) != len(names) else set()
    if doubled:
        raise ConfigurationError(f"Two columns are called {sorted(doubled)[0]!r}.", "Rename one.")
    features = [_guess(name, column) for name, column in zip(names, columns, strict=True) if name != label]
    kept = [column for name, column in zip(names, columns, strict=True) if name != label]
    return TableSchema(tuple(_guess_groups(features, kept)), (), label)


def _guess(name: str, column: Array) -> Feature:
    import numpy as np

    values = np.asarray(column)
    if values.ndim != 1:
        raise ConfigurationError(f"Column {name!r} has the shape {values.shape}; one dimension is needed.")
    if values.dtype.kind not in "fiub":
        words = sorted({str(value) for value in values.tolist() if value is not None and value == value})
        if not words or len(words) > MOST_VALUES:
            raise ConfigurationError(
                f"Column {name!r} is text with {len(words):,} different values.", "Leave it out, or encode it."
            )
        return Feature(name, FeatureType.CATEGORICAL, values=tuple(words))
    numbers = values.astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return Feature(name)
    low, high = float(numbers.min()), float(numbers.max())
    if np.isin(numbers, (0.0, 1.0)).all():
        return Feature(name, FeatureType.BINARY, 0.0, 1.0)
    whole = bool((numbers == np.rint(numbers)).all()) and abs(low) < 2**53 and abs(high) < 2**53
    return Feature(name, FeatureType.INTEGER if whole else FeatureType.REAL, low, high)


def _guess_groups(features: list[Feature], columns: list[Array]) -> list[Feature]:
    """Binary columns with a common beginning, of which each row has exactly one."""
    import numpy as np

    binary = [i for i, feature in enumerate(features) if feature.type is FeatureType.BINARY]
    for mark in ("=", "__", "_", ".", ":", "-"):
        stems: dict[str, list[int]] = {}
        for index in binary:
            stem, found, _ = features[index].name.rpartition(mark)
            if found and stem and not features[index].group:
                stems.setdefault(stem, []).append(index)
        for stem, members in stems.items():
            if len(members) < 2:
                continue
            together = np.stack([np.asarray(columns[index], dtype=np.float64) for index in members])
            if (together.sum(axis=0) == 1).all() and (together.max(axis=1) == 1).all():
                for index in members:
                    features[index] = replace(features[index], group=stem)
    return features


# -- written ---------------------------------------------------------------------------------------


def schema_text(schema: TableSchema) -> str:
    """The schema as a file that ``load_schema`` reads back as it was, with a word on what to fill in."""
    lines = [
        "# What rows of this table can be. Tighten it: what an attacker cannot change is `immutable = true`, what can",
        '# only grow is `direction = "up"`, and what must hold between features is a constraint.',
    ]
    if schema.label:
        lines.append(f"label = {_quoted(schema.label)}")
    if schema.constraints:
        lines.append("constraints = [")
        for constraint in schema.constraints:
            text = _quoted(constraint.text)
            plain = constraint.tolerance == Constraint("").tolerance
            lines.append(f"  {text}," if plain else f"  {{ text = {text}, tolerance = {constraint.tolerance!r} }},")
        lines.append("]")
    else:
        lines.append('# constraints = ["open_accounts <= total_accounts"]')
    for feature in schema.features:
        lines += ["", f"[features.{_key(feature.name)}]", *_feature_lines(feature)]
    if schema.groups:
        lines += ["", "[groups]"]
    for group, members in schema.groups.items():
        words = ", ".join(_quoted(schema.features[index].name) for index in members)
        lines.append(f"{_key(group)} = [{words}]")
    return "\n".join(lines) + "\n"


def _feature_lines(feature: Feature) -> list[str]:
    lines = [f'type = "{feature.type.value}"']
    if feature.values:
        lines.append(f"values = [{', '.join(_quoted(value) for value in feature.values)}]")
    if (feature.low, feature.high) != (float("-inf"), float("inf")):
        lines.append(f"range = [{_shown(feature.low)}, {_shown(feature.high)}]")
    if feature.step:
        lines.append(f"step = {_shown(feature.step)}")
    if feature.direction is Direction.NONE:
        lines.append("immutable = true")
    elif feature.direction is not Direction.ANY:
        lines.append(f'direction = "{feature.direction.value}"')
    if feature.default is not None:
        lines.append(f"default = {_shown(feature.default)}")
    return lines


def _shown(number: float) -> str:
    whole = number == number and abs(number) < 2**53 and number == round(number) if math.isfinite(number) else False
    return str(int(number)) if whole and math.copysign(1, number) > 0 else repr(float(number))


def _key(text: str) -> str:
    """Bare where TOML allows it."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's is one, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
