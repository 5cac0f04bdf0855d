"""Tables: CSV and Parquet, with a schema and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from violet.domain.errors import UsageError, VioletError
from violet.targets.base import InputKind
from violet.targets.data import load_data
from violet.targets.schema import FeatureType

SCHEMA = """label = "risk"
[features.age]
type = "integer"
range = [16, 100]
[features.job]
values = ["farmer", "clerk", "smith", "baker"]
[features.income]
range = [0, inf]
[features.owner]
type = "binary"
"""


@pytest.mark.parametrize("form", ["csv", "semicolons", "parquet", "dictionary"])
def test_types_and_ranges_are_guessed(form: str, table: Path, tmp_path: Path) -> None:
    frame = pandas.read_csv(table)
    path = tmp_path / "people"
    if form == "csv":
        path.write_bytes(table.read_bytes())
    elif form == "semicolons":
        frame.to_csv(path, sep=";", index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    else:
        frame.astype({"job": "category", "risk": "category"}).to_parquet(path)
    data = load_data(path, label="risk", segment=["job"])
    assert data.domain.kind is InputKind.TABLE
    assert data.domain.names == ("age", "income", "job", "owner")
    assert data.domain.schema is not None
    assert [feature.type.value for feature in data.domain.schema.features] == [
        "integer",
        "real",
        "categorical",
        "binary",
    ]
    assert data.classes == ("high", "low")
    assert (np.array(data.classes)[data.y] == frame["risk"]).all()
    words = np.array(data.domain.schema.features[2].values)
    assert (words[data.x[:, 2].astype(int)] == frame["job"]).all()
    assert (data.segments["job"] == frame["job"]).all()
    assert np.allclose(data.x[:, 1], frame["income"])
    assert (data.domain.low[0], data.domain.high[0]) == (frame["age"].min(), frame["age"].max())
    assert any("guessed from the data" in note for note in data.notes)


def test_a_schema_says_order_words_and_ranges(table: Path, tmp_path: Path) -> None:
    schema = tmp_path / "s.toml"
    schema.write_text(SCHEMA)
    data = load_data(table, schema_path=str(schema))
    frame = pandas.read_csv(table)
    assert data.domain.names == ("age", "job", "income", "owner")
    codes = [["farmer", "clerk", "smith", "baker"].index(word) for word in frame["job"]]
    assert data.x[:, 1].tolist() == codes
    assert data.domain.low.tolist() == [16, 0, 0, 0]
    assert data.domain.high.tolist() == [100, 3, frame["income"].max(), 1]
    assert data.notes == ("range as in the data, because the schema gives none: income",)


def test_columns_that_the_schema_leaves_out_are_said(table: Path, tmp_path: Path) -> None:
    schema = tmp_path / "s.toml"
    schema.write_text('[features.income]\n[features.age]\ntype = "integer"\n')
    data = load_data(table, schema_path=str(schema), label="risk")
    assert data.domain.names == ("income", "age")
    assert "columns left out: 'job', 'owner'" in data.notes


def write(where: Path, text: str) -> Path:
    path = where / "d.csv"
    path.write_text(text)
    return path


def test_numbers_as_words_and_row_numbers(tmp_path: Path) -> None:
    schema = tmp_path / "s.toml"
    schema.write_text('[features.zone]\nvalues = ["10", "20", "30"]\n[features.on]\ntype = "binary"\n')
    path = write(tmp_path, ",zone,on,y\n0,10,yes,1\n1,30,no,0\n2,20,true,1\n")
    data = load_data(path, schema_path=str(schema))
    assert data.x.tolist() == [[0, 1], [2, 0], [1, 1]]
    plain = load_data(path)
    assert plain.domain.names == ("zone", "on")
    assert "columns left out: ''" in plain.notes


def test_missing_values_take_the_default_or_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,label\n1,x,u\n,y,v\n3,,u\n")
    with pytest.raises(UsageError, match=r"'a' is missing in row 1 \(1 of 3 rows\)"):
        load_data(path)
    schema = tmp_path / "s.toml"
    schema.write_text('[features.a]\ndefault = 2\nrange = [0, 9]\n[features.b]\nvalues = ["x", "y"]\ndefault = 1\n')
    data = load_data(path, schema_path=str(schema))
    assert data.x.tolist() == [[1, 0], [2, 1], [3, 1]]
    assert data.notes == (
        "a: 1 missing values taken as 2, the schema's default",
        "b: 1 missing values taken as 1, the schema's default",
    )


def test_one_column_of_many_words_is_text(tmp_path: Path) -> None:
    lines = "\n".join(f'"the thing, number {n}",{"up" if n % 2 else "down"}' for n in range(6))
    data = load_data(write(tmp_path, f"review,label\n{lines}\n"))
    assert data.domain.kind is InputKind.TEXT
    assert data.x[1] == "the thing, number 1"
    assert data.classes == ("down", "up")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b,label\n1,2,x\n2,3,y\n", {"label": "lable"}, "no column 'lable'. Did you mean 'label'"),
        ("a,b,c\n1,2,x\n2,3,y\n", {}, "which column is the class is not said. Say --label COLUMN, one of a, b, c"),
        ("a,b,label\n1,2,x\n2,3,y\n", {"segment": ["bb"]}, "no column 'bb'. Did you mean 'b'"),
        ("a,a,label\n1,2,x\n2,3,y\n", {}, "two columns are called 'a'"),
        ("a,b,label\n", {}, "has no rows"),
        ("label\nx\ny\n", {}, "no column but that of the class"),
        ("a,b,label\n1,2,x\n2,3,x\n", {}, "every row is of class 'x'"),
        ("a,b,label\n1,2,x\n2,3,\n", {}, "row 1 has no label"),
        ("a,b,label\n1,2,x\n2,3\n", {}, "cannot be read as CSV"),
        ("a,b,label\n1,inf,x\n2,3,y\n", {}, "inf in row 0"),
        ("a,b,label\n2024-01-01,2,x\n2024-01-02,3,y\n", {}, "column 'a' holds date32"),
        ("a,b,label\n1,,x\n2,,y\n", {}, "column 'b' is empty"),
        (
            "age,job,income,owner,risk\n17,nobody,1,1,a\n17,smith,1,1,b\n",
            {"schema": SCHEMA},
            "'job' is 'nobody' in row 0",
        ),
        (
            "age,job,income,owner,risk\n15,smith,1,1,a\n17,smith,1,1,b\n",
            {"schema": SCHEMA},
            "age is 15 in row 0, outside",
        ),
        ("age,job,income,owner,risk\n17,smith,x,1,a\n17,smith,1,1,b\n", {"schema": SCHEMA}, "'income' is 'x' in row 0"),
        ("age,job,income,owner,risk\n17,smith,1,2,a\n17,smith,1,1,b\n", {"schema": SCHEMA}, "'owner' is 2 in row 0"),
        (
            "age,jobs,income,owner,risk\n17,a,1,2,a\n17,b,1,1,b\n",
            {"schema": SCHEMA},
            "no column 'job', which the schema",
        ),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(
    text: str, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    given = dict(options)
    if "schema" in given:
        schema = tmp_path / "s.toml"
        schema.write_text(given.pop("schema"))
        given["schema_path"] = str(schema)
    with pytest.raises(VioletError) as caught:
        load_data(write(tmp_path, text), **given)
    assert message in caught.value.diagnostics()
    assert "d.csv" in caught.value.diagnostics()


def test_broken_parquet(tmp_path: Path, table: Path) -> None:
    whole = tmp_path / "w.parquet"
    pandas.read_csv(table).to_parquet(whole)
    content = bytearray(whole.read_bytes())
    content[len(content) // 2 : -8] = bytes(len(content[len(content) // 2 : -8]))
    broken = tmp_path / "b.parquet"
    broken.write_bytes(bytes(content))
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        load_data(broken, label="risk")


def test_words_of_a_schema_are_codes_of_its_order() -> None:
    from violet.targets.columns import encoded
    from violet.targets.rows import decoded
    from violet.targets.schema import Feature

    feature = Feature("a", FeatureType.CATEGORICAL, values=("b", "a", "c"), default=0)
    words = np.array(["a", "c", None, "b"], dtype=object)
    codes, _ = encoded(words, feature, "d")
    assert codes.tolist() == [1, 2, 0, 0]
    assert decoded(codes, feature).tolist() == ["a", "c", "b", "b"]
    assert decoded(np.array([np.nan, 1.0]), feature)[1] == "a"
