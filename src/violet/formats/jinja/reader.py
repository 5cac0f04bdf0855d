"""From bytes to what a template does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.base import Parsed, Reading
from violet.formats.source import Source
from violet.formats.text.document import Document, read_document, unexamined_parts

if TYPE_CHECKING:
    from violet.formats.jinja.template import TemplateAct


TOO_DEEP = "is nested too deep to be parsed"


@dataclass(slots=True)
class JinjaFacts:
    """``problem`` says why the template could not be parsed, ``""`` where it could; ``suspect_words``
    are then what its text names; ``acts`` in document order."""

    document: Document
    acts: tuple[TemplateAct, ...] = ()
    problem: str = ""
    suspect_words: tuple[str, ...] = ()


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    unexamined = unexamined_parts(document)
    if document.truncated:
        unexamined.append("template text beyond the bound")
    facts = analyse(document)
    if facts.problem:
        unexamined.append(f"the meaning of a template that {facts.problem}")
    return Parsed(facts=facts, unexamined=unexamined)


def analyse(document: Document) -> JinjaFacts:
    """Parse and walk the template."""
    try:
        from jinja2 import TemplateError
    except ImportError:  # a broken installation: the words are all there is to go by
        return JinjaFacts(document, problem="cannot be parsed without Jinja", suspect_words=suspects(document.text))
    from violet.formats.jinja.template import TemplateAct, Walker, parse

    text = document.text
    facts = JinjaFacts(document)
    try:
        tree = parse(text)
        walker = Walker()
        walker.walk(tree)
    except TemplateError as error:
        facts.problem = f"is not valid Jinja: {str(error)[:160]}"
    except (RecursionError, MemoryError):
        facts.problem = TOO_DEEP
    except (ValueError, OverflowError, AssertionError, LookupError, TypeError) as error:
        facts.problem = f"breaks Jinja's parser: {type(error).__name__}"
    else:
        facts.acts = tuple(walker.acts.values())
        if not walker.complete:
            facts.problem = "is too large to be followed"
    if facts.problem:
        facts.suspect_words = suspects(text)
    spoken = [
        TemplateAct("instruction", " ".join(match.group(0).split())[:200], document.line(match.start()))
        for match in list(_instructions().finditer(text))[:10]
    ]
    facts.acts = (*facts.acts, *spoken)
    return facts


@cache
def _suspect() -> re.Pattern[str]:
    return re.compile(
        r"__\w{3,}__|\\x5f\\x5f|\\u005f|\|\s*attr\s*\(|\b(?:lipsum|cycler|joiner)\s*[.|\[]"
        r"|\b(?:popen|subprocess|os\.system|check_output|import_module)\b"
    )


def suspects(text: str) -> tuple[str, ...]:
    """Words of a template's code that lead out of a sandbox."""
    inside = " ".join(_code().findall(text)) or text
    return tuple(dict.fromkeys(match.group(0) for match in _suspect().finditer(inside)))[:20]


@cache
def _code() -> re.Pattern[str]:
    return re.compile(r"\{[%{][^}]{0,4000}[%}]\}")


@cache
def _instructions() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier)"
        r"\s+(?:instructions?|messages?|prompts?|rules)"
        r"|\bwithout (?:telling|informing|alerting|mentioning (?:it|this) to) the user"
        r"|<script\b[^>]{0,200}>|\bsrc\s*=\s*[\"'\\]{1,3}https?://|!\[[^\]\n]{0,80}\]\(https?://[^)\n]{0,200}[?=]"
        "|[\U000e0001-\U000e007f]{4}|[\u200b\u2060\ufeff\u200c]{6}"
    )
