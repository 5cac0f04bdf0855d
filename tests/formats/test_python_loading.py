"""Unsafe calls: which they are and exactly where they stand."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.formats.python_source.loading import unsafe_calls
from violet.formats.python_source.loading_rules import KINDS, is_open_address, is_repository

SOURCE = """\
# ä comment
import torch as t
def load(path):
    return  t . load(  # a ( in a comment
        path, "ä", map_location='cpu',
        weights_only = False,
    )
"""


def test_places() -> None:
    (call,) = unsafe_calls(SOURCE)
    assert (call.kind, call.detail, call.name, call.form) == ("torch-load", "explicit", "torch.load", "call")
    assert (call.region.line, call.region.column, call.region.end_line, call.region.end_column) == (4, 12, 7, 5)
    assert SOURCE[call.region.start : call.region.end].startswith("t . load(")
    assert SOURCE[call.region.start : call.region.end].endswith(")")
    assert SOURCE[call.arguments.start - 1] == "("
    assert SOURCE[call.arguments.end] == ")"
    assert call.positional == 2
    located, only = call.keywords
    assert (located.name, located.literal) == ("map_location", "'cpu'")
    assert (only.name, only.literal) == ("weights_only", "False")
    assert SOURCE[only.region.start : only.region.end] == "weights_only = False"
    assert SOURCE[only.value.start : only.value.end] == "False"


def test_parentheses_around_the_function() -> None:
    source = "import torch\nx = (torch.load)(f, weights_only=False)\n"
    (call,) = unsafe_calls(source)
    assert source[call.arguments.start : call.arguments.end] == "f, weights_only=False"


def test_unpacked_keywords() -> None:
    source = "import torch\no = {'weights_only': False}\ntorch.load(f, **o)\ntorch.load(f, **p)\n"
    (call,) = unsafe_calls(source)
    assert (call.line, call.spread, call.unpacked) == (3, True, False)


def test_partials_and_functions_handed_on() -> None:
    source = "import functools, pickle\np = functools.partial(pickle.load)\nmap(pickle.load, f)\np(f)\n"
    assert [(c.form, c.line) for c in unsafe_calls(source)] == [("partial", 2), ("passed", 3)]


def test_lines_end_as_the_tokenizer_says() -> None:
    source = "x = '\\x0b'\x0c\r\nimport pickle\r\npickle.load(f)\r\n"
    (call,) = unsafe_calls(source)
    assert source[call.region.start : call.region.end] == "pickle.load(f)"
    assert call.line == 3


def test_text_that_is_run_has_no_place() -> None:
    assert unsafe_calls("exec('import pickle; pickle.load(f)')") == ()
    assert unsafe_calls("exec('import pickle; map(pickle.load, f)')") == ()


def test_what_is_not_python_has_none() -> None:
    assert unsafe_calls("print 'x'\npickle.load(f)") == ()


CALLS = ["torch.load(f)", "pickle.load(f)", "yaml.load(f)", "torch.load(f, weights_only=False)", "len(f)", "(x)"]
FORMS = ["{}", "x = {}", "y = [{}]", "def g():\n    return {}", "if 1:\n    {}", "'é', {}", "f'''{{ {} }}'''"]


@given(st.lists(st.tuples(st.sampled_from(FORMS), st.sampled_from(CALLS)), max_size=6))
def test_every_call_stands_where_it_is_said_to(lines: list[tuple[str, str]]) -> None:
    source = "import torch, pickle, yaml\n" + "\n".join(form.format(call) for form, call in lines) + "\n"
    found = unsafe_calls(source)
    unsafe = [call for form, call in lines if call not in ("len(f)", "(x)") and not form.startswith("f'''")]
    exact = [source[c.region.start : c.region.end] for c in found if c.region.line]
    assert [text for text in exact if text in CALLS][: len(unsafe)] or not unsafe
    for call in found:
        text = source[call.region.start : call.region.end]
        assert isinstance(ast.parse(text, mode="eval").body, ast.Call)
        assert call.kind in KINDS


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    unsafe_calls(text)


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("http://example.org/a", True),
        ("HTTP://user:pw@example.org/a", True),
        ("ftp://example.org/a", True),
        ("http://203.0.113.5/a", True),
        ("https://example.org/a", False),
        ("http://localhost:80/a", False),
        ("http://192.168.1.1/a", False),
        ("http://service/a", False),
        ("http://a.b.svc.cluster.local/a", False),
        ("http://{}/a", False),
        ("", False),
        ("http://", False),
    ],
)
def test_addresses(address: str, is_open: bool) -> None:
    assert is_open_address(address) is is_open


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("org/name", True), ("bert-base-uncased", True), ("mine", False), ("./a", False), ("a/b/c", False),
     ("models/b", False), ("org/a.pt", False), ("a..b/c", False), ("", False)],
)  # fmt: skip
def test_repositories(text: str, is_one: bool) -> None:
    assert is_repository(text) is is_one
