"""Hugging Face configurations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.huggingface.configuration import HuggingFaceFacts


def valid() -> bytes:
    return json.dumps(
        {"auto_map": {"AutoModel": "modeling_x.M"}, "chat_template": "{{ x }}", "weight_map": {"a": "b"}}
    ).encode()


def facts(value: Any, name: str = "config.json", beside: dict[str, bytes] | None = None) -> HuggingFaceFacts:
    found = read("huggingface", json.dumps(value).encode(), name, beside=beside).facts
    assert isinstance(found, HuggingFaceFacts)
    return found


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "model.safetensors.index.json", "x.json"])
def test_recognised(name: str) -> None:
    assert ids(valid(), name)[0] == "huggingface"


def test_references() -> None:
    (reference,) = facts({"auto_map": {"AutoModel": "org/name--sub.modeling.M"}}).code
    assert (reference.repository, reference.file) == ("org/name", "sub/modeling.py")
    found = facts({"auto_map": {"AutoModel": "modeling_x.M"}}, beside={"modeling_x.py": b"x = 1"})
    assert found.code[0].present
    assert found.sources == {"modeling_x.py": "x = 1"}


def test_templates_become_children() -> None:
    for value in ("{{ x }}", [{"name": "default", "template": "{{ x }}"}], {"default": "{{ x }}"}):
        (child,) = read("huggingface", json.dumps({"chat_template": value}).encode(), "tokenizer_config.json").children
        assert (child.relation, child.format, child.source.read(0, 99)) == (Relation.TEXT, "jinja", b"{{ x }}")


def test_what_is_not_valid() -> None:
    parsed = read("huggingface", b'{"auto_map": ', "config.json")
    assert kinds(parsed) == ["truncated"]
    assert parsed.unexamined


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("huggingface", data, "config.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "auto_map",
                        "chat_template",
                        "weight_map",
                        "custom_pipelines",
                        "impl",
                        "auto_mapping",
                        "parent_library",
                        "type",
                        "x",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=9,
    )
)
def test_any_values(value: Any) -> None:
    for name in ("config.json", "modules.json", "model_index.json"):
        survives("huggingface", json.dumps(value).encode(), name)
