"""Templates that reach out of their sandbox.

## What it looks for

The template is parsed, never rendered, and its tree searched for access to the interpreter's internals
(`__class__`, `__globals__`, `mro`, `gi_frame` and their kin) by attribute, subscript, `|attr`,
`|map(attribute=...)`, `str.format` fields, also where the name is assembled with `~`, `+`, `%`, `|join`,
`|replace`, `|reverse` or `dict()|join`; for attributes of Jinja's own helpers (`lipsum`, `cycler`, `joiner`);
for attribute names that are computed; for methods that open, run or fetch; for `include` and `import`; for
loops and repetitions that would fill the memory.

## Why it matters

Chat templates travel inside GGUF files and tokenizer configurations and are rendered for every prompt. Where
the renderer is not sandboxed the template runs any command (CVE-2024-34359 in llama-cpp-python,
CVE-2026-5760 in SGLang); where it is, only the attempt itself tells.

## Example

    {{ lipsum.__globals__["os"].popen("id").read() }}

## Fix

Do not use the template: take the one that the model's maker publishes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/template-escape",
    title="Template reaches out of its sandbox",
    severity=Severity.CRITICAL,
    fix="Do not use this template: take the one that the model's maker publishes.",
    techniques=("AML.T0011.000", "AML.T0105"),
    cwe=(1336, 94),
    references=("https://nvd.nist.gov/vuln/detail/CVE-2024-34359", "https://nvd.nist.gov/vuln/detail/CVE-2026-5760"),
)

_MEANING = {
    "escape": ("reaches the interpreter's internals", Severity.CRITICAL),
    "gadget": ("takes an attribute of an object that leads out of the sandbox", Severity.HIGH),
    "computed-attribute": ("computes the name of an attribute that it takes", Severity.HIGH),
    "forbidden-method": ("calls a method that runs, opens or fetches something", Severity.HIGH),
    "include-outside": ("reads a file from outside", Severity.HIGH),
    "include": ("includes another template", Severity.MEDIUM),
    "debug": ("prints everything the renderer knows", Severity.MEDIUM),
    "flood": ("makes output without end", Severity.HIGH),
}


@check(RULE, formats=("jinja",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.jinja.reader import JinjaFacts

    facts = context.facts(JinjaFacts)
    if facts is None:
        return
    for act in facts.acts:
        if act.kind in _MEANING:
            meaning, severity = _MEANING[act.kind]
            if act.kind == "include" and context.node.relation is None:
                severity = Severity.LOW  # templates of web pages and set-up tools include each other
            shown = act.text
            yield context.finding(
                f"The template {meaning}.",
                evidence=shown,
                key=f"{act.kind}:{shown}",
                line=act.line,
                severity=severity,
            )
    if facts.suspect_words:
        yield context.finding(
            "The template cannot be parsed, and names what leads out of a sandbox.",
            evidence=", ".join(facts.suspect_words),
            key="words",
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
        )
