"""Templates: recognised, folded and walked; never rendered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.jinja.folding import fold
from violet.formats.jinja.reader import JinjaFacts


def valid() -> bytes:
    return b"{% for m in messages %}{{ m['role'] ~ m.content|trim }}{% endfor %}{{ x|attr('a' + 'b') }}"


@pytest.mark.parametrize("name", ["chat_template.jinja", "page.j2", "x.jinja2", "template.txt", "chat_template"])
def test_what_a_template_is(name: str) -> None:
    assert ids(valid(), name)[0] == "jinja"


@pytest.mark.parametrize(
    ("data", "name"), [(b"no braces", "a.txt"), (b'{"a": 1}', "a.json"), (b"{% tag %} in a page", "a.md")]
)
def test_what_a_template_is_not(data: bytes, name: str) -> None:
    assert "jinja" not in ids(data, name)


EXPRESSIONS = [
    "'a' ~ 'b' ~ 1",
    "'a' + 'b'",
    "['a', 'b']|join",
    "['a', 'b']|join('-')",
    "'%s-%s'|format('a', 'b')",
    "'%c%c'|format(97, 98)",
    "'abc'|reverse",
    "'abc'[::-1]",
    "'abc'[1:]",
    "'abc'[1]",
    "dict(a=1, b=2)|join",
    "'aXb'|replace('X', '')",
    "'aXb'.replace('X', '')",
    "'ab'|upper|lower",
    "'-'.join(['a', 'b'])",
    "['a', 'b']|first",
    "'\\x61\\u0062'",
    "'ab' * 3",
    "{'k': 'v'}['k']",
    "'a' if true else 'b'",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_folding_agrees_with_jinja(expression: str) -> None:
    tree = Environment().parse("{{ " + expression + " }}")
    output = tree.body[0]
    assert isinstance(output, nodes.Output)
    rendered = Environment().from_string("{{ " + expression + " }}").render()
    assert str(fold(output.nodes[0], {})) == rendered


@pytest.mark.parametrize(
    "text", ["{{ 'a' * 10**9 }}", "{{ 9 ** 9 ** 9 }}", "{{ ('a' * 99999) * 99999 }}", "{{ '%999999999d' % 1 }}"]
)
def test_bombs_cost_nothing(text: str) -> None:
    facts = read("jinja", text.encode(), "a.jinja").facts
    assert isinstance(facts, JinjaFacts)


def test_what_cannot_be_parsed() -> None:
    parsed = read("jinja", b"{% if %}", "a.jinja")
    assert isinstance(parsed.facts, JinjaFacts)
    assert parsed.facts.problem
    assert parsed.unexamined


@given(st.binary(max_size=200) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("jinja", data, "a.jinja")


@given(
    st.lists(
        st.sampled_from(
            [
                "{{",
                "}}",
                "{%",
                "%}",
                " if ",
                " x ",
                "|attr(",
                "'a'",
                ")",
                "(",
                "~",
                "[",
                "]",
                ".",
                "for m in x",
                "endfor",
                "endif",
                "set a=",
                "-1",
                ":",
            ]
        ),
        max_size=30,
    )
)
def test_any_words(words: list[str]) -> None:
    survives("jinja", "".join(words).encode(), "a.jinja")
