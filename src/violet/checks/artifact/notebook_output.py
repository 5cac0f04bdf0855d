"""Notebooks with active content in their outputs or text.

## What it looks for

Scripts, event handlers, frames and `javascript:` addresses in stored outputs, and in Markdown cells. Many
libraries that draw charts and tables leave scripts in outputs too, so a script weighs only where it reaches for
the server, another machine, or hidden text.

## Why it matters

A trusted notebook shows its stored outputs as they are: the script runs in the session of whoever opens it, and
from there the whole Jupyter server can be asked to run code.

## Example

    {"output_type": "display_data", "data": {"text/html": ["<script>fetch('/api/terminals')</script>"]}}

## Fix

Clear all outputs before the notebook is opened as trusted (`jupyter nbconvert --clear-output`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/notebook-output",
    title="Notebook has active content in its outputs",
    severity=Severity.MEDIUM,
    fix="Clear all outputs before the notebook is opened as trusted.",
    techniques=("AML.T0011",),
    cwe=(79,),
)
_REACHING = (
    r"\b(?:fetch|XMLHttpRequest|sendBeacon|WebSocket|EventSource|importScripts)\b|document\.cookie|/api/(?:terminals|kernels"
    r"|contents|sessions)|\beval\s*\(|\batob\s*\(|fromCharCode|kernel\.execute|localStorage|window\.open|\.src\s*="
    r"|new\s+Function|<script\b[^>]*\bsrc\s*="
)
"""What a script needs to reach the server, another machine, or its own hidden text."""
_CHARTS = (
    r"plotly|bokeh|vega|require\.config|requirejs|shap|jupyter-widgets|mpld3|holoviews|altair|pyLDAvis|deck\.gl"
    r"|colab|cdn\.jsdelivr\.net/npm|cdnjs\.cloudflare\.com|unpkg\.com"
)


@check(RULE, formats=("notebook",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.notebook.cells import NotebookFacts

    facts = context.facts(NotebookFacts)
    for item in facts.active if facts else ():
        where = "A stored output" if item.stored else "The text"
        reaching = re.search(_REACHING, item.text) is not None and re.search(_CHARTS, item.text) is None
        yield context.finding(
            f"{where} of cell {item.cell} holds active content ({item.kind}).",
            evidence=item.text[:160],
            key=f"{item.kind}:{item.text[:80]}",
            severity=_severity(item.text, reaching or item.kind == "javascript"),
            confidence=Confidence.MEDIUM,
        )


def _severity(text: str, reaching: bool) -> Severity:
    if re.search(r"document\.cookie|/api/(?:terminals|kernels|contents|sessions)|kernel\.execute", text):
        return Severity.HIGH
    return Severity.MEDIUM if reaching else Severity.LOW
