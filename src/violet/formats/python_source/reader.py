"""From bytes to what Python source would do."""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from violet.formats.base import Child, Parsed, Reading, Relation
from violet.formats.python_source.acts import Act, PythonFacts, When
from violet.formats.python_source.loading import UnsafeCall, kinds_of, located
from violet.formats.source import BytesSource, Source
from violet.formats.text.document import Document, read_document, unexamined_parts

HIDING_ENCODINGS = frozenset(
    [
        "utf_7",
        "unicode_escape",
        "raw_unicode_escape",
        "punycode",
        "idna",
        "rot_13",
        "base64",
        "hex",
        "zlib",
        "bz2",
        "uu",
        "quopri",
        "hz",
        "iso2022_jp",
    ]
)
OFF_SCREEN = 200
"""Spaces in a row, after and before code of the same line, that push code out of sight."""
CONFIGURATIONS = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json",
                  "MLmodel", "../MLmodel", "../../MLmodel", "adapter_config.json", "model_index.json")  # fmt: skip


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    unexamined = unexamined_parts(document)
    if document.truncated:
        unexamined.append("source beyond the bound on text")
    cookie_acts = _apply_cookie(source, reading, document)
    analysis = analyse(document.text)
    if analysis.problem:
        unexamined.append(f"the meaning of source that {analysis.problem}; its words were looked at")
    facts = PythonFacts(document, (*cookie_acts, *analysis.acts), analysis.problem, imports=analysis.imports)
    facts.loads = analysis.loads
    if facts.loads:
        from violet.formats.project.pins import pins_for

        facts.pins = pins_for(kinds_of(facts.loads), reading)
    if facts.acts:
        facts.named_by = _named_by(reading)
    return Parsed(facts=facts, unexamined=unexamined, children=payload_children(analysis))


@dataclass(frozen=True, slots=True)
class Analysis:
    """``acts`` in line order; ``problem`` says why the source could not be parsed (``""``: it could);
    ``payloads`` are constant pickles that it loads, each with its line; ``loads`` the calls that load unsafely."""

    acts: tuple[Act, ...]
    problem: str = ""
    imports: tuple[str, ...] = ()
    payloads: tuple[tuple[bytes, int], ...] = ()
    loads: tuple[UnsafeCall, ...] = ()


def payload_children(analysis: Analysis) -> list[Child]:
    """The pickles that source carries and loads, to be examined as such."""
    return [
        Child(f"pickle in line {line}", BytesSource(data), Relation.NESTED, format="pickle")
        for data, line in analysis.payloads
    ]


def analyse(text: str) -> Analysis:
    """Follow source text."""
    from violet.formats.python_source.machine import Machine, OutOfStepsError

    acts = list(_typographic(text))
    problem = ""
    machine = Machine()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.replace("\f", " ") if "\f" in text else text)
    except (SyntaxError, ValueError):
        problem = "is not valid for this version of Python"
    except (RecursionError, MemoryError):
        problem = "is nested too deep to be parsed"
    else:
        try:
            machine.run(tree)
        except RecursionError:
            problem = "is nested too deep to be followed"
        except OutOfStepsError:
            problem = "takes too many steps to be followed"
    if problem:
        acts.extend(_by_words(text))
    acts.extend(machine.acts.values())
    acts.extend(_escaped(text, machine.acts.values()))
    ordered = tuple(sorted(acts, key=lambda act: (act.line, act.kind)))
    loads = located(text, machine.loads)
    return Analysis(ordered, problem, tuple(machine.imports), tuple(machine.payloads[:20]), loads)


@cache
def _cookie() -> re.Pattern[bytes]:
    return re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)


def _apply_cookie(source: Source, reading: Reading, document: Document) -> list[Act]:
    """Decode again as the encoding declaration in the first two lines says; an encoding that can hide
    code is an act of its own."""
    first = b"\n".join(source.read(0, 2048).split(b"\n")[:2])
    match = _cookie().search(first)
    if match is None or document.encoding not in ("utf-8", "latin-1"):
        return []
    label = match.group(1).decode("ascii", "replace")
    try:
        name = codecs.lookup(label).name.replace("-", "_")
    except (LookupError, ValueError):
        return [Act("odd-encoding", f"coding: {label}", 1, When.IMPORT, "an encoding that Python does not know")]
    if name in ("utf_8", "ascii"):
        return []
    data = source.read(0, reading.bounds.text)
    if name not in HIDING_ENCODINGS:
        try:
            document.text = data.decode(name, "replace")
        except (LookupError, ValueError):
            return [Act("odd-encoding", f"coding: {label}", 1, When.IMPORT, "not an encoding of text")]
        return []
    if name in ("utf_7", "unicode_escape", "raw_unicode_escape", "hz", "iso2022_jp"):
        document.text = data.decode(name, "replace")
    return [Act("odd-encoding", f"coding: {label}", 1, When.IMPORT, "code can be hidden in this encoding")]


@cache
def _bidirectional() -> re.Pattern[str]:
    # A mark that is the last of its line moves nothing that anyone reads.
    return re.compile("[\u202a-\u202e\u2066-\u2069](?!['\"]{1,3}[)\\],]{0,9}[ \t]{0,9}(?:\r?\n|\\Z))")


def _typographic(text: str) -> list[Act]:
    acts: list[Act] = []
    if not text.isascii():
        match = _bidirectional().search(text)
        if match is not None:
            line = text.count("\n", 0, match.start()) + 1
            shown = f"U+{ord(match.group(0)):04X}"
            acts.append(Act("bidirectional", shown, line, When.IMPORT))
        acts.extend(_lookalikes(text))
    spaces = " " * OFF_SCREEN
    at = text.find(spaces)
    while at >= 0 and len(acts) < 20:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        before, after = text[start:at].strip(), text[at:end].strip()
        if after and before and ";" in (before[-1], after[0]) and "#" not in before:
            acts.append(Act("off-screen", after[:160], text.count("\n", 0, at) + 1, When.IMPORT))
        at = text.find(spaces, end)
    return acts


@cache
def _dangerous_word() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:eval|exec|compile|__import__|getattr|system|popen|subprocess|os|builtins|marshal|pickle)\b"
    )


@cache
def _foreign_name() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z_]*[\u1d00-\u1dbf\u2070-\u209f\u2100-\u218f\uff00-\uffef\U0001d400-\U0001d7ff][\w]*")


def _lookalikes(text: str) -> list[Act]:
    """Names in mathematical or full-width letters, which Python reads as the plain ones."""
    import unicodedata

    for match in _foreign_name().finditer(text):
        plain = unicodedata.normalize("NFKC", match.group(0))
        if _dangerous_word().fullmatch(plain):
            line = text.count("\n", 0, match.start()) + 1
            return [
                Act(
                    "hidden-name",
                    f"{match.group(0)} is {plain}",
                    line,
                    When.IMPORT,
                    "written in look-alike letters",
                )
            ]
    return []


@cache
def _escapes() -> re.Pattern[str]:
    return re.compile(r"(?:\\x[2-7][0-9a-fA-F]){6}|(?:\\u00[2-7][0-9a-fA-F]){6}|(?:\\[01][0-7]{2}){6}")


def _escaped(text: str, acts: Iterable[Act]) -> list[Act]:
    """Code or commands whose plain letters are written as escapes."""
    lines = {act.line: act for act in acts if act.kind in ("dynamic-code", "command", "hidden-name")}
    if not lines or "\\" not in text:
        return []
    found = []
    for match in _escapes().finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if line in lines:
            act = lines[line]
            found.append(Act("run-hidden", act.call, line, act.when, "its letters are written as escapes"))
    return found[:20]


@cache
def _words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    decoder = r"(?:b64decode|b32decode|b85decode|a85decode|unhexlify|fromhex|decompress|marshal\.loads|rot_?13)"
    return (
        ("run-hidden", re.compile(rf"\b(?:exec|eval|execfile)\b[^\n]{{0,200}}\b{decoder}")),
        ("run-download", re.compile(r"\b(?:exec|eval)\b[^\n]{0,200}\b(?:urlopen|requests\.get)\b")),
        (
            "reverse-shell",
            re.compile(r"\bsocket\b[\s\S]{0,2000}\bdup2\b[\s\S]{0,500}(?:/bin/|pty|subprocess)"),
        ),
        (
            "command",
            re.compile(r"\b(?:os\.(?:system|popen|exec[lv]p?e?|spawn\w+)|subprocess\.\w+|pty\.spawn)\s*\("),
        ),
        ("dynamic-code", re.compile(r"(?<![\w.])(?:exec|eval|execfile|__import__)\s*\(")),
        ("deserialize", re.compile(r"\b(?:c?[pP]ickle|marshal|dill)\.loads?\s*\(")),
        ("hidden-name", re.compile(r"getattr\s*\(\s*(?:os|builtins|__builtins__|subprocess|sys)\s*,")),
        ("persist", re.compile(r"(?:authorized_keys|/etc/cron|sitecustomize\.py)")),
    )


def _by_words(text: str) -> list[Act]:
    """Acts found by pattern, where there is no tree to follow."""
    from violet.formats.shell.commands import hostile_commands

    acts: list[Act] = []
    for kind, pattern in _words():
        for number, match in enumerate(pattern.finditer(text)):
            if number >= 20:
                break
            line = text.count("\n", 0, match.start()) + 1
            acts.append(Act(kind, " ".join(match.group(0).split())[:160], line, When.DEFINED))
    for command in hostile_commands(text):
        line = text.count("\n", 0, command.start) + 1
        acts.append(Act("hostile-command", command.text, line, When.DEFINED, command.meaning))
    return acts


def _named_by(reading: Reading) -> str:
    """The configuration beside this file that has it loaded as a model's code."""
    stem = reading.name.removesuffix(".py").encode()
    for name in CONFIGURATIONS:
        configuration = reading.sibling(name)
        if configuration is None:
            continue
        text = configuration.read(0, 1 << 20)
        if name.endswith("MLmodel") or ((b"auto_map" in text or b"custom_pipelines" in text) and stem + b"." in text):
            return name
    return ""
