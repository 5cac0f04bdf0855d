"""Dockerfiles: instructions and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, survives
from violet.formats.project.dockerfile import DockerfileFacts, assignments, expand, parse
from violet.formats.project.images import image
from violet.formats.text.document import Document


def read(text: str) -> DockerfileFacts:
    return parse(Document(text, "utf-8", len(text)))


def valid() -> bytes:
    return (
        b"# syntax=docker/dockerfile:1\nARG TAG=3.12\nFROM python:${TAG} AS build\n"
        b"RUN --mount=type=cache,target=/c \\\n"
        b'  # c\n\n  make && \\\n  make install\nRUN <<EOT bash\nset -e\nEOT\nENV A=1 B="x y"\nFROM build\nUSER app\n'
        b'CMD ["python", "-m", "x"]\n'
    )


@pytest.mark.parametrize("name", ["Dockerfile", "Containerfile", "Dockerfile.gpu", "Dockerfile-cpu", "gpu.dockerfile"])
def test_recognised(name: str) -> None:
    assert ids(valid(), name) == ["dockerfile"]
    assert "dockerfile" not in ids(valid(), "notes.txt")
    assert "dockerfile" not in ids(b"from x import y\n", "dockerfile.py")
    assert "dockerfile" not in ids(b"# from\n", "Dockerfiles")


def test_instructions() -> None:
    text = valid().decode()
    facts = read(text)
    assert [(i.name, i.line) for i in facts.instructions] == [
        ("ARG", 2), ("FROM", 3), ("RUN", 4), ("RUN", 9), ("ENV", 12), ("FROM", 13), ("USER", 14), ("CMD", 15),
    ]  # fmt: skip
    run, heredoc = facts.of("RUN")
    assert run.flags == {"mount": "type=cache,target=/c"}
    assert run.text.split() == ["make", "&&", "make", "install"]
    assert text[run.start :].lstrip("\\\n #c").startswith("make")
    assert heredoc.heredocs[0].text == "set -e\n"
    assert text[heredoc.heredocs[0].start :].startswith("set -e")
    assert facts.of("CMD")[0].words == ["python", "-m", "x"]
    first, last = facts.stages
    assert first.image is not None
    assert (first.image.name, first.image.tag, first.name) == ("python", "3.12", "build")
    assert text[first.region.start : first.region.end] == "python:${TAG}"
    assert (last.image, last.user) == (None, "app")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ENV A=1 B='x y' C=\"z\"", [("A", "1"), ("B", "x y"), ("C", "z")]),
        ("ENV A some value", [("A", "some value")]),
        ("ARG A", [("A", "")]),
        ("ARG A=b", [("A", "b")]),
        ("LABEL a.b=c", [("a.b", "c")]),
    ],
)
def test_assignments(text: str, pairs: list[tuple[str, str]]) -> None:
    assert assignments(read(text).instructions[0]) == pairs


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "x"),
        ("${A}/y", "x/y"),
        ("${B:-z}", "z"),
        ("${A:-z}", "x"),
        ("${A:+w}", "w"),
        ("${B:+w}", ""),
        ("$B", "$B"),
    ],
)
def test_arguments(text: str, value: str) -> None:
    assert expand(text, {"A": "x"}) == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("python", ("python", "", "")),
        ("python:3.12", ("python", "3.12", "")),
        ("reg.example:5000/a/b", ("reg.example:5000/a/b", "", "")),
        ("reg.example:5000/a/b:t@sha256:" + "0" * 64, ("reg.example:5000/a/b", "t", "sha256:" + "0" * 64)),
    ],
)
def test_references(text: str, parts: tuple[str, str, str]) -> None:
    made = image(text)
    assert (made.name, made.tag, made.digest) == parts


def test_an_open_heredoc_is_said() -> None:
    assert "open" in read("FROM a\nRUN <<EOT\nmake\n").problem


def test_too_many_instructions_are_said() -> None:
    assert read("RUN x\n" * 6_000).problem


WORDS = st.from_regex(r"[a-z0-9./=_-]{1,8}", fullmatch=True)
INSTRUCTIONS = st.tuples(
    st.sampled_from(["RUN", "COPY", "ENV", "USER", "WORKDIR"]), st.lists(WORDS, min_size=1, max_size=5)
)


@given(st.lists(INSTRUCTIONS, max_size=6), st.booleans(), st.booleans())
def test_what_was_written_is_read_where_it_stands(
    written: list[tuple[str, list[str]]], continued: bool, commented: bool
) -> None:
    between = " \\\n  " if continued else " "
    lines = [f"{name} {between.join(words)}" for name, words in written]
    text = "FROM a\n" + ("\n# comment\n" if commented else "\n").join(lines) + "\n"
    facts = read(text)
    assert [(i.name, i.text.split()) for i in facts.instructions[1:]] == written
    for instruction in facts.instructions:
        assert text[instruction.region.start :].startswith(instruction.name)


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("dockerfile", data, "Dockerfile")


@given(st.text(alphabet=st.sampled_from("RUN FROM ADD\\\n<<EOT'\"$ {}:-#`[]"), max_size=120))
def test_any_text(text: str) -> None:
    facts = read(text)
    for instruction in facts.instructions:
        assert 0 <= instruction.region.start <= instruction.region.end <= len(text)
