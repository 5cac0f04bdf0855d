"""Pickles that carry code by value.

## What it looks for
Functions and classes that cloudpickle or dill rebuild from bytecode inside the file, and the names and
strings that this code uses.

## Why it matters
The code runs when the object is used. It is not on any disk where a review could have read it, and two
files that look alike can carry different code.

## Example
A scikit-learn `FunctionTransformer` holding a lambda, saved with cloudpickle.

## Fix
Move the function into a module that is versioned and reviewed, and save the model again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity
from violet.formats.pickle.facts import PickleFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-carried-code",
    title="Pickle carries code by value",
    severity=Severity.MEDIUM,
    fix="Move the function into a reviewed module and save the model again.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502,),
)
TELLING = (
    r"(?:^|\.)(?:os|subprocess|socket|ctypes|pty|importlib|runpy|shutil|requests|urllib|marshal|builtins|sys)$"
    r"|^(?:system|popen|Popen|check_output|exec|eval|compile|__import__|execve?|fork|dup2|urlopen|getoutput)$"
    r"|/bin/(?:ba|da|z)?sh|(?:curl|wget|nc)\s+\S|powershell"
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
MARKS = frozenset(("exec", "eval", "__import__", "system", "popen", "Popen", "dup2", "check_output", "getoutput"))


@check(RULE, formats=("pickle",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(PickleFacts)
    made = [code for stream in facts.streams for code in stream.code] if facts else []
    if not made:
        return
    telling = sorted({word for code in made for word in code.words if re.search(TELLING, word)})
    grave = [w for w in telling if w in MARKS or "/" in w or " " in w]
    words = {word for code in made for word in code.words}
    instances = any(code.maker == "instance of a carried class" for code in made)
    at_load = sorted(words & (AT_LOAD if instances else AT_CREATION))
    grave += at_load
    telling += at_load
    shown = ", ".join(telling[:6])
    yield context.finding(
        f"This pickle carries {len(made)} piece{'s' if len(made) > 1 else ''} of code by value"
        + (f", which use {shown}." if telling else "."),
        evidence=made[0].evidence,
        key=made[0].maker,
        offset=made[0].offset,
        severity=Severity.HIGH if grave else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
    )
