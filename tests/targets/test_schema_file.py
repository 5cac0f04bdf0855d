"""Schema files: read as written, every mistake answered, guessed from data, written and read back."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import ConfigurationError
from violet.targets.feasibility import Feasibility
from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema
from violet.targets.table_schema_file import infer_schema, load_schema, parse_schema, schema_text

CREDIT = """
label = "default"
constraints = ["open_accounts <= total_accounts", { text = "ratio == debt / income", tolerance = 0.01 }]

[features.age]
type = "integer"
range = [18, 100]
immutable = true

[features.open_accounts]
type = "integer"
range = [0, 30]

[features.total_accounts]
type = "integer"
range = [0, inf]
direction = "up"

[features.debt]
step = 100
range = [0, 1e5]
default = 0

[features.income]
[features.ratio]

[features.purpose]
values = ["car", "house", "other"]

[features.housing_own]
[features.housing_rent]

[groups]
housing = ["housing_own", "housing_rent"]
"""


def test_a_schema_says_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "credit.toml"
    path.write_text(CREDIT, encoding="utf-8")
    schema = load_schema(path)
    assert schema.label == "default"
    assert schema.features[0] == Feature("age", FeatureType.INTEGER, 18, 100, Direction.NONE)
    assert schema.features[2].direction is Direction.UP
    assert schema.features[3] == Feature("debt", FeatureType.REAL, 0, 1e5, step=100, default=0.0)
    assert schema.features[6].type is FeatureType.CATEGORICAL
    assert schema.groups == {"housing": (7, 8)}
    assert schema.units == ((0,), (1,), (2,), (3,), (4,), (5,), (6,), (7, 8))
    assert schema.constraints[1] == Constraint("ratio == debt / income", 0.01)


def test_json_has_the_same_structure() -> None:
    content = b'{"features": {"a": {"range": [0, "inf"]}, "b": {}}, "constraints": ["a <= b"]}'
    assert parse_schema(content, "s.json") == parse_schema(
        b'constraints = ["a <= b"]\n[features.a]\nrange = [0, inf]\n[features.b]\n'
    )


MISTAKES = [
    ("[feature.a]", "Did you mean 'features'?"),
    ("label = 'a'\n[features.a]", "label 'a' is described as a feature"),
    ("[features]", "describes no features"),
    ("[features.a]\ntyp = 'real'", "Did you mean 'type'?"),
    ("[features.a]\ntype = 'int'", "Did you mean 'integer'?"),
    ("[features.a]\nimutable = true", "Did you mean 'immutable'?"),
    ("[features.a]\nimmutable = 1", "true or false"),
    ("[features.a]\nimmutable = true\ndirection = 'up'", "Leave one out"),
    ("[features.a]\nrange = [2, 1]", "begins above its end"),
    ("[features.a]\nrange = 3", "two numbers"),
    ("[features.a]\nrange = [nan, 1]", "not a number"),
    ("[features.a]\nstep = -1", "0 or above"),
    ("[features.a]\ntype = 'integer'\nrange = [0.5, 2]", "not whole"),
    ("[features.a]\ntype = 'binary'\nrange = [2, 3]", "leaves no value"),
    ("[features.a]\nrange = [0, 1]\ndefault = 2", "outside its range"),
    ("[features.a]\ntype = 'categorical'", "has no values"),
    ("[features.a]\nvalues = ['x', 'x']", "names one twice"),
    ("[features.a]\ntype = 'real'\nvalues = ['x']", 'type = "categorical"'),
    ("[features.a]\n[features.b]\n[groups]\ng = ['a', 'c']", "no feature 'c'"),
    ("[features.a]\n[features.b]\n[groups]\ng = ['a', 'b']\nh = ['a', 'b']", "in two groups"),
    ("[features.a]\n[groups]\ng = ['a']", "two features or more"),
    ("constraints = ['income <= 3']\n[features.incme]", "Did you mean incme?"),
    ("constraints = [3]\n[features.a]", "must be text"),
    ("constraints = [{text = 'a < 3', tolerence = 1}]\n[features.a]", "Did you mean 'tolerance'?"),
    ("features = 3 =", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_mistakes_are_answered(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_schema(text.encode(), "mine.toml")
    assert said in caught.value.diagnostics()
    assert "mine.toml" in caught.value.diagnostics()


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_schema("/nowhere/schema.toml")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_schema_or_an_error(content: bytes) -> None:
    for name in ("s.toml", "s.json"):
        try:
            schema = parse_schema(content, name)
        except ConfigurationError:
            continue
        assert schema.features


names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
numbers = st.floats(-1e6, 1e6)


@st.composite
def schemas(draw: st.DrawFn) -> TableSchema:
    features = []
    for index, name in enumerate(draw(st.lists(names, min_size=1, max_size=6, unique=True))):
        kind = draw(st.sampled_from(FeatureType))
        low, high = sorted((draw(numbers), draw(numbers)))
        step = 0.0
        group = ""
        values: tuple[str, ...] = ()
        if kind is FeatureType.INTEGER:
            low, high = float(round(low)), float(round(high))
        elif kind is FeatureType.REAL:
            step = draw(st.sampled_from([0.0, 0.1, 100.0]))
        elif kind is FeatureType.CATEGORICAL:
            values = tuple(draw(st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True)))
            low, high = float("-inf"), float("inf")
        else:
            low, high, group = float("-inf"), float("inf"), draw(st.sampled_from(["", "g"]))
        direction = draw(st.sampled_from(Direction))
        del index
        features.append(Feature(name, kind, low, high, direction, values, step, group))
    if sum(bool(feature.group) for feature in features) == 1:
        features = [f if not f.group else Feature(f.name, f.type, direction=f.direction) for f in features]
    return TableSchema(tuple(features), label="" if any(f.name == "y" for f in features) else "y")


@given(schemas())
def test_what_is_written_is_read_back(schema: TableSchema) -> None:
    assert parse_schema(schema_text(schema).encode("utf-8", "surrogatepass")) == schema


def test_a_guess_from_data_fits_the_data() -> None:
    rng = np.random.default_rng(0)
    hot = np.eye(3)[rng.integers(0, 3, 50)]
    columns = [rng.integers(18, 80, 50), rng.normal(size=50), np.array(["b", "a"] * 25, dtype=object), *hot.T]
    found = infer_schema(["age", "score", "kind", "home_own", "home_rent", "home_free"], columns)
    assert [feature.type for feature in found.features[:3]] == ["integer", "real", "categorical"]
    assert found.features[2].values == ("a", "b")
    assert found.groups == {"home": (3, 4, 5)}
    codes = np.array([found.features[2].values.index(word) for word in columns[2]])
    x = np.stack([columns[0], columns[1], codes, *hot.T], axis=1).astype(np.float32)
    assert Feasibility(found).faults(x) == ()
    assert parse_schema(schema_text(found).encode()) == found


def test_binary_columns_that_only_look_alike_are_no_group() -> None:
    flags = [np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1])]
    assert infer_schema(["has_car", "has_dog"], flags).groups == {}


def test_what_cannot_be_guessed_is_said() -> None:
    with pytest.raises(ConfigurationError, match="called 'a'"):
        infer_schema(["a", "a"], [np.zeros(3), np.zeros(3)])
    with pytest.raises(ConfigurationError, match="different values"):
        infer_schema(["a"], [np.array([f"w{i}" for i in range(2000)], dtype=object)])


def test_the_page_says_what_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tasks" / "describe-a-table.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert parse_schema(blocks["toml"].encode()).groups == {"home": (7, 8)}
    with pytest.raises(ConfigurationError) as caught:
        parse_schema(blocks["toml"].replace('"open_accounts <=', '"open_acounts <=').encode(), "credit.toml")
    assert caught.value.diagnostics() == blocks["text"].strip()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(blocks["python"], "describe-a-table.md", "exec"), {})
    assert parse_schema(printed.getvalue().encode()).names == ("age", "ratio", "purpose")
