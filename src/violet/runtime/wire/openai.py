"""The OpenAI-compatible protocol: chat, completions, embeddings and responses, whole and in pieces.

Source: OpenAI's API reference (``/v1/chat/completions``, ``/v1/completions``, ``/v1/embeddings``, ``/v1/responses``;
streaming events of each). Log-probabilities are what an answer tells beyond its words; Carlini et al. 2024, "Stealing
part of a production language model", is made of them.

A request is one text: everything its author could have written, in order, that is all messages and not only the last.
Pictures and sounds are named, not read. Embeddings are the answer itself, and not scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.runtime.wire._events import DONE, documents, events, is_events
from violet.runtime.wire._reading import USUAL, Bounds, bounded_texts, by_path, document, plain, write
from violet.runtime.wire._scores import changed
from violet.runtime.wire.base import Answer, Question, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Rewrite

__all__ = ["OpenAI", "asked", "is_answer", "is_events", "is_question", "named", "rewritten_answer", "rewritten_stream"]
__all__ += ["said", "streamed"]

LEAST = -9999.0
"""What the service says of tokens that are next to impossible."""
PARTS = 10_000
"""Messages, parts and choices that are read of one body."""
_NO_HEADERS: Mapping[str, str] = {}
_ASKED = ("messages", "prompt", "input")


@by_path
def _place(path: str) -> str | None:
    """What is asked; the model where the path names it (Azure: ``/openai/deployments/NAME/chat/completions``) after a
    slash."""
    segments = plain(path).split("/")
    last = segments[-1]
    if last not in ("completions", "embeddings", "responses"):
        return None
    before = segments[-2] if len(segments) > 1 else ""
    asked = last
    if last == "completions" and before == "chat":
        asked, segments = "chat", segments[:-1]
    elif not (before.startswith("v") and before[1:2].isdigit()) and "deployments" not in segments:
        if before not in ("openai", "api", ""):
            return None
    if len(segments) > 2 and segments[-3] == "deployments":
        return f"{asked}/{segments[-2]}"
    return asked


class OpenAI:
    """``/v1/chat/completions``, ``/v1/completions``, ``/v1/embeddings`` and ``/v1/responses``, behind any prefix."""

    name = "openai"

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _place(path) is not None

    def question(self, path: str, headers: Mapping[str, str], body: bytes) -> Question:
        found = document(body, self._bounds)
        if type(found) is not dict or not is_question(found):
            raise Unreadable("It has no messages, prompt or input.")
        question = asked(found, self._bounds)
        place = _place(path) or ""
        return question if question.model else named(question, place.partition("/")[2])

    def answer(self, question: Question, headers: Mapping[str, str], body: bytes) -> Answer:
        if is_events(body):
            return streamed(body, self._bounds)
        found = document(body, self._bounds)
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        return said(found, self._bounds)

    def rewrite(
        self, headers: Mapping[str, str], body: bytes, change: Rewrite, original: Answer | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        if is_events(body):
            return rewritten_stream(body, change, self._bounds), _NO_HEADERS
        found = document(body, self._bounds)
        if type(found) is not dict:
            raise Unreadable("It is no object.")
        return rewritten_answer(found, body, change), _NO_HEADERS


def is_question(found: Mapping[str, Any]) -> bool:
    return any(name in found for name in _ASKED)


def is_answer(found: Mapping[str, Any]) -> bool:
    return "choices" in found or "output" in found


def named(question: Question, model: str) -> Question:
    """The same with the name of the model."""
    return Question(model, texts=question.texts, stream=question.stream, tokens=question.tokens)


def asked(found: Mapping[str, Any], bounds: Bounds) -> Question:
    """What a request of any of the four kinds asks. Raises ``Unreadable``."""
    texts: list[str] = []
    if "messages" in found:
        texts = ["\n".join(_conversation(found["messages"]))]
    elif "prompt" in found:
        texts = _prompts(found["prompt"])
        if type(found.get("suffix")) is str and texts:
            texts[0] += "\n" + found["suffix"]
    else:
        given = found.get("input")
        instructions = [found["instructions"]] if type(found.get("instructions")) is str else []
        if type(given) is list and given and type(given[0]) is dict:
            texts = ["\n".join([*instructions, *_conversation(given)])]
        elif type(given) is str:
            texts = ["\n".join([*instructions, given])]
        else:
            texts = _prompts(given)
    tokens = 0
    for name in ("max_completion_tokens", "max_output_tokens", "max_tokens"):
        if type(found.get(name)) is int and 0 < found[name] < 1 << 40:
            tokens = max(tokens, found[name])
    answers = [found.get(name) for name in ("n", "best_of")]
    tokens *= max([1, *(many for many in answers if type(many) is int and 0 < many < 1 << 20)])
    model = found.get("model")
    return Question(
        model if type(model) is str else "",
        texts=bounded_texts(texts, bounds),
        stream=found.get("stream") is True,
        tokens=tokens,
    )


def _prompts(given: Any) -> list[str]:
    """A text, some texts, numbers of tokens, or some lists of these."""
    if type(given) is str:
        return [given]
    if type(given) is not list or not given:
        raise Unreadable("Its prompt is no text.")
    kinds = set(map(type, given))
    if kinds == {str}:
        return list(given)
    if kinds <= {int, bool}:
        return [" ".join(map(_number, given))]
    if kinds == {list}:
        if not all(set(map(type, one)) <= {int, bool} for one in given):
            raise Unreadable("Its prompt is no text.")
        return [" ".join(map(_number, one)) for one in given]
    raise Unreadable("Its prompt is no text.")


def _number(value: int) -> str:
    return str(value) if -(1 << 63) < value < 1 << 64 else "?"


def _conversation(messages: Any) -> list[str]:
    """What all messages say."""
    if type(messages) is not list:
        raise Unreadable("Its messages are no list.")
    if len(messages) > PARTS:
        raise Unreadable(f"It has more than {PARTS:,} messages.")
    found: list[str] = []
    for message in messages:
        if type(message) is str:
            found.append(message)
            continue
        if type(message) is not dict:
            raise Unreadable("One of its messages is no object.")
        for name in ("content", "refusal", "reasoning_content", "output", "arguments"):
            if name in message:
                found.extend(_content(message[name]))
        found.extend(_calls(message))
    return found


def _content(content: Any) -> list[str]:
    if type(content) is str:
        return [content]
    found: list[str] = []
    if type(content) is list:
        for part in content[:PARTS]:
            if type(part) is str:
                found.append(part)
            elif type(part) is dict:
                text = next((part[name] for name in ("text", "refusal", "input_text") if name in part), None)
                text = text.get("value") if type(text) is dict else text
                kind = part.get("type")
                found.append(text if type(text) is str else f"[{kind[:40] if type(kind) is str else 'part'}]")
    return found


def _calls(message: Mapping[str, Any]) -> list[str]:
    """What tools are called with."""
    found: list[str] = []
    calls = message.get("tool_calls")
    for call in [*(calls if type(calls) is list else [])[:PARTS], {"function": message.get("function_call")}]:
        function = call.get("function") if type(call) is dict else None
        if type(function) is dict and type(function.get("arguments")) is str:
            name = function.get("name")
            found.append(f"{name if type(name) is str else ''}({function['arguments']})")
    return found


def said(found: Mapping[str, Any], bounds: Bounds) -> Answer:
    """What an answer of any of the four kinds says."""
    texts: list[str] = []
    choices = found.get("choices")
    if type(choices) is list:
        for choice in choices[:PARTS]:
            if type(choice) is not dict:
                continue
            message = choice.get("message")
            if type(message) is dict:
                texts.append("\n".join(_conversation([message])))
            elif type(choice.get("text")) is str:
                texts.append(choice["text"])
    elif type(found.get("output")) is list:
        texts.append("\n".join(text for item in found["output"][:PARTS] if type(item) is dict for text in _item(item)))
    return Answer(texts=bounded_texts(texts, bounds), tokens=_tokens(found.get("usage")))


def _item(item: Mapping[str, Any]) -> list[str]:
    return [text for name in ("content", "arguments", "summary") for text in _content(item.get(name))]


def _tokens(usage: Any) -> int:
    if type(usage) is not dict:
        return 0
    total = usage.get("total_tokens")
    if type(total) is int:
        return max(0, total)
    parts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")]
    return sum(part for part in parts if type(part) is int and part > 0)


def streamed(body: bytes, bounds: Bounds) -> Answer:
    """The same, put together from the pieces of a stream, complete or cut off."""
    pieces: dict[str, list[str]] = {}
    tokens = 0
    for found in documents(body, bounds):
        if type(found) is not dict:
            continue
        tokens = max(tokens, _tokens(found.get("usage")))
        choices = found.get("choices")
        for choice in choices[:PARTS] if type(choices) is list else []:
            if type(choice) is dict:
                _piece(choice, pieces)
        kind = found.get("type")
        if type(kind) is str and kind.endswith(".delta") and type(found.get("delta")) is str:
            pieces.setdefault("response", []).append(found["delta"])
        response = found.get("response")
        if type(response) is dict:
            tokens = max(tokens, _tokens(response.get("usage")))
        if len(pieces) > PARTS:
            raise Unreadable(f"It has more than {PARTS:,} choices.")
    return Answer(texts=bounded_texts(["".join(parts) for parts in pieces.values()], bounds), tokens=tokens)


def _piece(choice: Mapping[str, Any], pieces: dict[str, list[str]]) -> None:
    index = choice.get("index", 0)
    known = pieces.setdefault(str(index)[:20] if type(index) in (int, str) else "0", [])
    if type(choice.get("text")) is str:
        known.append(choice["text"])
    delta = choice.get("delta")
    if type(delta) is not dict:
        return
    for name in ("content", "refusal", "reasoning_content"):
        known.extend(_content(delta.get(name)))
    calls = delta.get("tool_calls")
    for call in calls[:PARTS] if type(calls) is list else []:
        function = call.get("function") if type(call) is dict else None
        if type(function) is dict:
            known.extend(function[name] for name in ("name", "arguments") if type(function.get(name)) is str)


def rewritten_answer(found: dict[str, Any], body: bytes, change: Rewrite) -> bytes:
    """The answer with other log-probabilities; as it is where it has none."""
    return write(found) if _rewrite_in(found, change) else body


def rewritten_stream(body: bytes, change: Rewrite, bounds: Bounds) -> bytes:
    """The stream with other log-probabilities: events that have none stay as they are."""
    if b"logprob" not in body:
        return body
    made: list[bytes] = []
    for block in body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        data = next(events(block), b"")
        if b"logprob" in data and data.strip() != DONE:
            found = document(data, bounds)
            if _rewrite_in(found, change):
                others = [line for line in block.split(b"\n") if line and not line.startswith(b"data")]
                block = b"\n".join([*others, b"data: " + write(found)])
        made.append(block)
    return b"\n\n".join(made)


def _rewrite_in(found: Any, change: Rewrite) -> bool:
    """Changes all log-probabilities in place: of chat and responses (objects with ``logprob`` and ``top_logprobs``),
    and of completions (``token_logprobs`` and ``top_logprobs`` by token)."""
    waiting = [found]
    any_changed = False
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting.extend(one)
            continue
        if type(one) is not dict:
            continue
        if type(one.get("logprob")) in (float, int):
            _token(one, change)
            any_changed = True
        elif type(one.get("token_logprobs")) is list:
            _completion(one, change)
            any_changed = True
        else:
            waiting.extend(one.values())
    return any_changed


def _token(one: dict[str, Any], change: Rewrite) -> None:
    top = one.get("top_logprobs")
    known = [other for other in top if type(other) is dict] if type(top) is list else []
    known = [other for other in known if type(other.get("logprob")) in (float, int)]
    before = [float(other["logprob"]) for other in known]
    after = _changed(before, change)
    for other, value in zip(known, after, strict=True):
        other["logprob"] = value
    same = next((place for place, other in enumerate(known) if other.get("token") == one.get("token")), None)
    one["logprob"] = after[same] if same is not None else _changed([float(one["logprob"])], change)[0]


def _completion(one: dict[str, Any], change: Rewrite) -> None:
    alone = one["token_logprobs"]
    tokens = one.get("tokens") if type(one.get("tokens")) is list else []
    top = one.get("top_logprobs")
    for place, value in enumerate(alone):
        kinds = top[place] if type(top) is list and place < len(top) and type(top[place]) is dict else {}
        names = [name for name, other in kinds.items() if type(other) in (float, int)]
        after = _changed([float(kinds[name]) for name in names], change)
        kinds.update(zip(names, after, strict=True))
        if type(value) in (float, int):
            token = tokens[place] if tokens and place < len(tokens) else None
            known = type(token) is str and token in names
            alone[place] = kinds[token] if known else _changed([float(value)], change)[0]


def _changed(logs: list[float], change: Rewrite) -> list[float]:
    """Log-probabilities changed as probabilities are."""
    if not logs:
        return []
    with np.errstate(over="ignore"):
        found = changed(change, np.exp(np.minimum(np.array([logs]), 0.0)))[0]
    return [max(LEAST, math.log(value)) if value > 0 else LEAST for value in found.tolist()]
