"""Pickles that carry code by value.

## What it looks for
Functions and classes that cloudpickle or dill rebuild from bytecode inside the file. The bytecode is read, and
never run: the names it reaches (globals, attributes, imports) and its constants are held against lists. Code that
only computes is low; code that uses names of which nothing is known is medium; code that runs commands, evaluates
text, opens connections, loads native code or climbs to the interpreter's internals is high, and so are methods
that run while the file loads.

## Why it matters
The code runs when the object is used. It is not on any disk where a review could have read it, and two
files that look alike can carry different code.

## Example
A scikit-learn `FunctionTransformer` holding a lambda, saved with cloudpickle.

## Fix
Move the function into a module that is versioned and reviewed, and save the model again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import remarkable
from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity
from violet.formats.pickle.facts import PickleFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from violet.domain import Finding
    from violet.formats.pickle.facts import Stream

RULE = Rule(
    id="artifact/pickle-carried-code",
    title="Pickle carries code by value",
    severity=Severity.MEDIUM,
    fix="Move the function into a reviewed module and save the model again.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502,),
)
AT_LOAD = frozenset(
    (
        "__setstate__ __new__ __init_subclass__ __set_name__ __setitem__ __hash__ __del__ __getattribute__"
        " __getattr__ __setattr__ __prepare__ __mro_entries__ __class_getitem__"
    ).split()
)
"""Methods of a carried class that run while its instances are loaded."""
AT_CREATION = frozenset(("__init_subclass__", "__set_name__", "__prepare__", "__mro_entries__"))
"""Methods that run while a carried class is made."""


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(PickleFacts)
    for stream in facts.streams if facts else ():
        if stream.code:
            yield _judge(context, stream)


def _judge(context: Context, stream: Stream) -> Finding:
    from violet.checks.artifact._code_names import judge_codes
    from violet.formats.pickle.calls import INSTANCE
    from violet.formats.pickle.carried import carried
    from violet.formats.pickle.values import render

    found = carried(stream)
    verdict = judge_codes(found.codes, found.names)
    instances = any(code.maker == INSTANCE for code in stream.code)
    at_load = sorted(found.words & (AT_LOAD if instances else AT_CREATION))
    unread = found.unread or stream.more_code or not found.codes
    count = len(found.codes)
    pieces = f"{count} piece{'' if count == 1 else 's'} of code by value" if count else "code by value"
    if verdict.grave:
        text, severity = f"which reach out of the model: {_listed(verdict.grave)}", Severity.HIGH
    elif at_load and not (verdict.harmless and not unread):
        text, severity = f"with methods that run while it loads: {_listed(at_load)}", Severity.HIGH
    elif unread:
        text, severity = "not all of which can be read", Severity.MEDIUM
    elif verdict.unknown:
        text, severity = f"which use what Violet cannot vouch for: {_listed(verdict.unknown)}", Severity.MEDIUM
    elif at_load:
        text, severity = f"with methods that run while it loads: {_listed(at_load)}", Severity.MEDIUM
    else:
        text, severity = "examined: they only compute", Severity.LOW
    first = stream.code[0]
    names = ", ".join(dict.fromkeys(code.name for code in found.codes))[:120]
    uses = ", ".join(verdict.used)[:160]
    return context.finding(
        f"This pickle carries {pieces}, {text}.",
        evidence=f"{names} use{'s' if count == 1 else ''} {uses or 'no global names'}" if count else render(first.made),
        key=first.maker,
        offset=first.offset,
        severity=severity,
        confidence=Confidence.HIGH if verdict.grave else Confidence.MEDIUM,
    )


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")
