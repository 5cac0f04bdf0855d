"""The OpenAI-compatible protocol, whole and in pieces, with tools, pictures and log-probabilities."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.wire.forms import JSON, Array, js
from violet.runtime.wire.base import Question, Unreadable
from violet.runtime.wire.openai import OpenAI

WIRE = OpenAI()
CHAT = "/v1/chat/completions"


def ask(doc: Any, path: str = CHAT) -> Question:
    return WIRE.question(path, JSON, js(doc))


def stream(*found: Any, done: bool = True) -> bytes:
    return b"".join(b"data: " + js(one) + b"\n\n" for one in found) + (b"data: [DONE]\n\n" if done else b"")


def test_chat() -> None:
    found = ask(
        {
            "model": "gpt",
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": [{"type": "text", "text": "What: this?"}, {"type": "image_url", "x": 1}]},
                {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{1}"}}]},
                {"role": "tool", "content": "2"},
            ],
            "max_tokens": 10,
            "n": 3,
            "stream": True,
            "tools": [{"type": "function", "function": {"parameters": {"type": "object"}}}],
        }
    )
    assert found == Question(
        "gpt", texts=("Be kind.\nWhat: this?\n[image_url]\nf({1})\n2",), stream=True, tokens=30
    ) or (found.texts, found.tokens, found.stream, found.model, found.count) == (
        ("Be kind.\nWhat: this?\n[image_url]\nf({1})\n2",),
        30,
        True,
        "gpt",
        1,
    )


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ("1 2",)), ([[1, 2], [3]], ("1 2", "3"))],
)
def test_prompts(prompt: Any, texts: tuple[str, ...]) -> None:
    assert ask({"prompt": prompt}, "/v1/completions").texts == texts
    assert ask({"input": prompt}, "/v1/embeddings").texts == texts


def test_responses() -> None:
    found = ask(
        {
            "model": "m",
            "instructions": "Be kind.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
                {"type": "function_call_output", "output": "3"},
            ],
            "max_output_tokens": 7,
        },
        "/v1/responses",
    )
    assert (found.texts, found.tokens) == (("Be kind.\nhi\n3",), 7)
    output = [{"type": "message", "content": [{"type": "output_text", "text": "well"}]}]
    answer = WIRE.answer(found, JSON, js({"output": output, "usage": {"input_tokens": 3, "output_tokens": 4}}))
    assert (answer.texts, answer.tokens) == (("well",), 7)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (CHAT, ""),
        ("/openai/v1/chat/completions", ""),
        ("/openai/deployments/gpt/chat/completions", "gpt"),
        ("/openai/deployments/gpt/embeddings", "gpt"),
        ("/v1/completions", ""),
        ("/v1/responses", ""),
        ("/v1/chat/complet%69ons", ""),
    ],
)
def test_paths(path: str, model: str) -> None:
    assert WIRE.matches("POST", path)
    assert ask({"input": "a"}, path).model == model
    assert ask({"input": "a", "model": "own"}, path).model == "own"


@pytest.mark.parametrize("path", ["/v1/models", "/survey/responses", "/v1/responses/7", "", "/completions/x"])
def test_other_paths(path: str) -> None:
    assert not WIRE.matches("POST", path)


@pytest.mark.parametrize(
    "doc",
    [
        [],
        {},
        {"messages": 1},
        {"messages": [1]},
        {"prompt": None},
        {"prompt": {}},
        {"prompt": []},
        {"prompt": [1, "a"]},
        {"prompt": [["a"]]},
        {"input": 3},
        {"messages": [{"content": "x"}] * 10_001},
    ],
)
def test_what_is_no_question(doc: Any) -> None:
    with pytest.raises(Unreadable):
        ask(doc)


def test_a_message_said_twice() -> None:
    with pytest.raises(Unreadable, match="twice"):
        WIRE.question(CHAT, JSON, b'{"messages":[{"role":"user","content":"evil","content":"good"}]}')


def test_long_texts_are_cut() -> None:
    found = ask({"messages": [{"content": "x" * (1 << 20)}, {"content": "y"}]})
    assert len(found.texts[0]) == 1 << 20


ONE = Question("m", texts=("x",))


def test_answers() -> None:
    choices = [
        {"message": {"role": "assistant", "content": "one"}},
        {"message": {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}},
        {"text": "three"},
    ]
    found = WIRE.answer(ONE, JSON, js({"choices": choices, "usage": {"total_tokens": 12}}))
    assert (found.texts, found.tokens) == (("one", "f({})", "three"), 12)
    embedded = WIRE.answer(ONE, JSON, js({"data": [{"embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 2}}))
    assert (embedded.texts, embedded.tokens, len(embedded.scores)) == ((), 2, 0)


@given(st.text(max_size=30), st.integers(1, 5), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.integers(0, 40))
def test_pieces_are_put_together(text: str, size: int, newline: bytes, cut: int) -> None:
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    last: dict[str, Any] = {"choices": [], "usage": {"total_tokens": 5}}
    body = (b": hello\n\n" + stream(*events, last)).replace(b"\n", newline)
    found = WIRE.answer(ONE, JSON, body)
    assert "".join(found.texts) == text
    assert found.tokens == 5
    before = WIRE.answer(ONE, JSON, body[: max(len(body) - cut, 16)])
    assert text.startswith("".join(before.texts))


def test_pieces_of_all_kinds() -> None:
    body = stream(
        {"choices": [{"index": 0, "delta": {"role": "assistant"}}, {"index": 1, "text": "b"}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"arguments": "}"}}]}}]},
    )
    assert WIRE.answer(ONE, JSON, body).texts == ("f{}", "b")
    body = b'event: x\ndata: {"type":"response.output_text.delta","delta":"we"}\n\n' + stream(
        {"type": "response.output_text.delta", "delta": "ll"},
        {"type": "response.completed", "response": {"usage": {"total_tokens": 3}}},
        done=False,
    )
    found = WIRE.answer(ONE, JSON, body)
    assert (found.texts, found.tokens) == (("well",), 3)


def label(scores: Array) -> Array:
    return np.eye(scores.shape[1])[np.argmax(scores, axis=1)] if scores.shape[1] > 1 else np.round(scores)


def logs(*values: float) -> list[dict[str, Any]]:
    return [{"token": str(place), "logprob": math.log(value)} for place, value in enumerate(values)]


def test_log_probabilities_are_changed_as_probabilities() -> None:
    token = {"token": "1", "logprob": math.log(0.3), "bytes": [49], "top_logprobs": logs(0.6, 0.3)}
    doc = {"choices": [{"logprobs": {"content": [token]}, "message": {"content": "1"}}], "usage": {"total_tokens": 1}}
    found = json.loads(WIRE.rewrite(JSON, js(doc), label)[0])
    (made,) = found["choices"][0]["logprobs"]["content"]
    assert [one["logprob"] for one in made["top_logprobs"]] == [0, -9999]
    assert made["logprob"] == -9999
    assert made["bytes"] == [49]
    assert found["choices"][0]["message"] == {"content": "1"}


def test_log_probabilities_of_completions() -> None:
    doc = {
        "choices": [
            {
                "text": "ab",
                "logprobs": {
                    "tokens": ["a", "b"],
                    "token_logprobs": [None, math.log(0.6)],
                    "top_logprobs": [None, {"b": math.log(0.6), "c": math.log(0.3)}],
                },
            }
        ]
    }
    (choice,) = json.loads(WIRE.rewrite(JSON, js(doc), label)[0])["choices"]
    assert choice["logprobs"]["token_logprobs"] == [None, 0]
    assert choice["logprobs"]["top_logprobs"] == [None, {"b": 0, "c": -9999}]


def test_log_probabilities_in_pieces() -> None:
    plain = {"choices": [{"delta": {"content": "a"}}]}
    telling = {"choices": [{"delta": {"content": "b"}, "logprobs": {"content": [{"token": "b", "logprob": -0.1}]}}]}
    body = b": hi\n\nevent: x\n" + stream(plain, telling)
    made, _ = WIRE.rewrite(JSON, body, label)
    assert made.startswith(b": hi\n\nevent: x\ndata: " + js(plain) + b"\n\ndata: {")
    assert made.endswith(b"\n\ndata: [DONE]\n\n")
    assert b'"logprob":0.0' in made.replace(b" ", b"")
    assert WIRE.answer(ONE, JSON, made).texts == ("ab",)


def test_answers_without_any_are_left_alone() -> None:
    body = b'{ "choices" : [ {"message": {"content": "no logprobs"}} ] }'
    assert WIRE.rewrite(JSON, body, label)[0] == body
    assert WIRE.rewrite(JSON, stream({"a": 1}), label)[0] == stream({"a": 1})
