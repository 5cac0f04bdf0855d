"""What a policy may ask about: the context of its expressions, with types, and where each part comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import Severity
from violet.policy.cel.types import ANY, BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Field, Type, list_of, map_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVELS = tuple(str(severity) for severity in Severity)
ATTESTATION_TYPES = (
    "test-result",
    "provenance",
    "summary",
    "vex",
    "cyclonedx",
    "spdx",
    "derivation",
    "revocation",
    "other",
)
REFUSAL_CODES = (
    "expired",
    "wrong-subject",
    "unknown-signer",
    "bad-signature",
    "replayed",
    "not-yet-valid",
    "malformed",
    "not-vouched-for",
    "too-few-signers",
    "superseded",
    "revoked",
)
VULNERABILITY_STATUSES = ("affected", "fixed", "not_affected", "under_investigation")


@dataclass(frozen=True, slots=True)
class Variable:
    """One name of the context. ``source`` is the evidence it comes from (``""``: always known); a variable whose
    source is missing does not exist, and a requirement that needs it is not met."""

    name: str
    type: Type
    help: str
    source: str = ""


def _object(called: str, /, **fields: Field) -> Type:
    return Type("object", fields=fields, name=called)


_LEVEL = Type("string", values=LEVELS)
_TEXTS = list_of(STRING)

MODEL = _object(
    "model",
    name=Field(STRING, "base name of the file or directory"),
    digest=Field(STRING, "its digest as the gate computed it, `sha256:...` or `dirHash:...`"),
    size=Field(INT, "bytes of all its files"),
    files=Field(INT, "number of its files"),
    directory=Field(BOOL, "whether it is a directory"),
)
SCAN = _object(
    "scan",
    origin=Field(
        Type("string", values=("live", "attested")), "`live`: the gate scanned it; `attested`: a signed report"
    ),
    age=Field(DURATION, "since the oldest report that is believed; zero for a live scan"),
    complete=Field(BOOL, "nothing failed, and nothing was skipped but by choice"),
    deep=Field(BOOL, "whether all content was read, tensors too"),
    files=Field(INT, "files examined"),
    formats=Field(_TEXTS, "formats that were recognised"),
    signers=Field(_TEXTS, "who signed the reports; empty for a live scan"),
)
FINDING = _object(
    "finding",
    rule=Field(STRING, "id of the rule, as `violet rules` lists them"),
    severity=Field(INT, '0 info to 4 critical: compare it with `severity("high")`'),
    level=Field(_LEVEL, "the severity's name"),
    confidence=Field(INT, "0 low, 1 medium, 2 high"),
    fingerprint=Field(STRING, "what a waiver names; stable over versions of a model"),
    path=Field(STRING, "file, archive members after `!`"),
    message=Field(STRING, "one sentence"),
    techniques=Field(_TEXTS, "MITRE ATLAS technique ids"),
)
SKIPPED = _object(
    "skipped entry",
    path=Field(STRING, "what was not looked at"),
    reason=Field(STRING, "why"),
    what=Field(STRING, "the format or check that was not examined"),
    by_choice=Field(BOOL, "left out because somebody said so"),
)
FAILED = _object(
    "failed entry",
    path=Field(STRING, "what could not be read"),
    error=Field(STRING, "why"),
)
MEASUREMENT = _object(
    "measurement",
    name=Field(STRING, "dotted lower case, `scan.files`"),
    value=Field(DOUBLE, "the figure"),
    unit=Field(STRING, "its unit"),
    path=Field(STRING, "what was measured"),
)
ATTESTATION = _object(
    "attestation",
    type=Field(Type("string", values=ATTESTATION_TYPES), "short name of its predicate type"),
    uri=Field(STRING, "the predicate type in full"),
    check=Field(STRING, "the question it answers, such as `scan`"),
    environment=Field(STRING, "the environment it was made for; empty: any"),
    signers=Field(_TEXTS, "names of the trusted signers whose signatures hold"),
    digest=Field(STRING, "`sha256:...` of the envelope"),
    result=Field(Type("string", values=("PASSED", "WARNED", "FAILED")), "of a test or a decision", optional=True),
    age=Field(DURATION, "since it was issued", optional=True),
    issued=Field(TIMESTAMP, "when it was signed", optional=True),
    expires=Field(TIMESTAMP, "from when on it is not believed", optional=True),
    predicate=Field(map_of(ANY), "what it says, as the predicate type defines it"),
)
REFUSED = _object(
    "refused attestation",
    code=Field(Type("string", values=REFUSAL_CODES), "why, in one word"),
    reason=Field(STRING, "why, in a sentence"),
    type=Field(
        Type("string", values=(*ATTESTATION_TYPES, "")), "short name of its predicate type, where it can be told"
    ),
    path=Field(STRING, "the file"),
)
SIGNATURE = _object(
    "signature",
    verified=Field(BOOL, "a signature of a trusted signer holds for every byte of the model"),
    signers=Field(_TEXTS, "names of the trusted signers whose signatures hold"),
    key_ids=Field(_TEXTS, "the keys that signed"),
    unsigned=Field(_TEXTS, "files that the signature leaves out"),
    altered=Field(_TEXTS, "files that are not as they were signed"),
    reason=Field(STRING, "why it does not hold; empty where it does"),
)
COMPONENT = _object(
    "component",
    name=Field(STRING, "package, framework or file"),
    version=Field(STRING, "empty where it is not known"),
    type=Field(STRING, "`library`, `framework`, `data`, ..."),
    ecosystem=Field(STRING, "as OSV spells it, `PyPI`"),
    purl=Field(STRING, "package URL"),
    licenses=Field(_TEXTS, "SPDX expressions or names"),
    hashed=Field(BOOL, "whether its content is pinned by a digest"),
)
DATASET = _object(
    "dataset",
    name=Field(STRING, "as the model or its card names it"),
    role=Field(STRING, "`training` or empty"),
    digest=Field(STRING, "`algorithm:value`, empty where nobody recorded one"),
    licenses=Field(_TEXTS, "SPDX expressions or names"),
)
BOM = _object(
    "bom",
    licenses=Field(_TEXTS, "of the model itself"),
    framework=Field(STRING, "`pytorch`, `scikit-learn`; empty where it is not known"),
    framework_version=Field(STRING, "empty where it is not known"),
    architecture=Field(STRING, "empty where it is not known"),
    format=Field(STRING, "of its files; empty where it is not known"),
    task=Field(STRING, "empty where it is not known"),
    quantisation=Field(STRING, "empty where it is not known"),
    dtypes=Field(_TEXTS, "types of its tensors' elements"),
    parameters=Field(INT, "number of parameters", optional=True),
    measured=Field(BOOL, "whether the parameters were counted in the tensors, not taken from a document"),
    datasets=Field(list_of(DATASET), "training data that is named"),
    base_models=Field(_TEXTS, "models it was made from"),
    components=Field(list_of(COMPONENT), "packages that it needs to run"),
    gaps=Field(_TEXTS, "what could not be read, in sentences"),
    conflicts=Field(_TEXTS, "where two places in it disagree, in sentences"),
    considerations=Field(BOOL, "whether it states use cases, limitations or ethical considerations"),
    performance=Field(BOOL, "whether it states measured performance"),
    signers=Field(_TEXTS, "who attested it; empty where the gate made it itself"),
)
VULNERABILITY = _object(
    "vulnerability",
    id=Field(STRING, "as the advisory names itself"),
    aliases=Field(_TEXTS, "other names, CVE numbers among them"),
    severity=Field(INT, "0 to 4, from the CVSS vector; what nobody rated counts as high"),
    level=Field(_LEVEL, "the severity's name"),
    score=Field(DOUBLE, "CVSS base score", optional=True),
    component=Field(STRING, "the component that has it"),
    version=Field(STRING, "of that component"),
    fixed=Field(_TEXTS, "versions in which it is repaired"),
    status=Field(Type("string", values=VULNERABILITY_STATUSES), "by signed VEX statements, else `affected`"),
    certain=Field(BOOL, "the version is affected; else a specifier merely allows affected versions"),
    exploited=Field(BOOL, "known to be exploited"),
    malicious=Field(BOOL, "the package itself is malicious"),
    fingerprint=Field(STRING, "what a waiver names"),
)
ADVISORIES = _object(
    "advisories",
    age=Field(DURATION, "since advisories were last imported"),
    newest=Field(DURATION, "since any of them was last modified"),
    count=Field(INT, "advisories that were searched"),
    unknown=Field(_TEXTS, "components of which nothing could be told, and why"),
)
LINEAGE = _object(
    "lineage",
    tainted=Field(BOOL, "it, or something it was made from, is revoked or failed"),
    tainted_by=Field(_TEXTS, "names of what taints it"),
    unproven=Field(_TEXTS, "ancestors that are named but about which nothing is proven"),
    ancestors=Field(INT, "models, data sets and code it was made from"),
    trained=Field(BOOL, "whether a training run is proven"),
    datasets=Field(_TEXTS, "data sets it was trained on"),
)

TEST = _object(
    "test",
    norm=Field(STRING, "what an attacker may change: `linf`, `l2`, `l1`, `l0` or `feasible`"),
    eps=Field(DOUBLE, "the radius, in shares of each feature's range, or a number of features; -1 for any"),
    clean=Field(DOUBLE, "accuracy without any attack", optional=True),
    robust=Field(DOUBLE, "accuracy under the worst of all attacks; absent where it is withheld", optional=True),
    robust_low=Field(DOUBLE, "lower end of its 95 % interval", optional=True),
    bound=Field(DOUBLE, "what the attacks left standing, believable or not", optional=True),
    believable=Field(BOOL, "whether all decisive sanity checks passed"),
    complete=Field(BOOL, "whether all that was planned was run"),
    samples=Field(INT, "rows that were tested"),
    age=Field(DURATION, "since it was signed"),
    signers=Field(_TEXTS, "who signed it"),
    findings=Field(list_of(FINDING), "what the rules of tests found"),
)

VARIABLES: tuple[Variable, ...] = (
    Variable("model", MODEL, "what is examined"),
    Variable("environment", STRING, "the name given with `--environment`; empty without"),
    Variable("now", TIMESTAMP, "the time of the decision, in UTC"),
    Variable("scan", SCAN, "how the findings were made", "scan"),
    Variable("findings", list_of(FINDING), "all that is wrong", "scan"),
    Variable("skipped", list_of(SKIPPED), "what was not looked at", "scan"),
    Variable("failed", list_of(FAILED), "what could not be read", "scan"),
    Variable("measurements", list_of(MEASUREMENT), "figures", "scan"),
    Variable("tests", list_of(TEST), "signed tests of robustness, one for each threat", "tests"),
    Variable("signature", SIGNATURE, "the signature of the model", "signature"),
    Variable("bom", BOM, "the bill of materials", "bom"),
    Variable("vulnerabilities", list_of(VULNERABILITY), "known vulnerabilities of components", "vulnerabilities"),
    Variable("advisories", ADVISORIES, "what the vulnerabilities were searched in", "vulnerabilities"),
    Variable("lineage", LINEAGE, "what it was made from", "lineage"),
    Variable("attestations", list_of(ATTESTATION), "signed statements about it that are believed", "attestations"),
    Variable("refused", list_of(REFUSED), "signed statements that are not believed", "attestations"),
)
CONTEXT: dict[str, Type] = {variable.name: variable.type for variable in VARIABLES}
SOURCES: tuple[str, ...] = tuple(dict.fromkeys(v.source for v in VARIABLES if v.source))
SOURCE_OF: dict[str, str] = {variable.name: variable.source for variable in VARIABLES}

IN_WORDS = {
    "scan": "a scan",
    "tests": "a test of robustness",
    "signature": "a signature",
    "bom": "a bill of materials",
    "vulnerabilities": "a search of its components for known vulnerabilities",
    "lineage": "its lineage",
    "attestations": "attestations",
}


def sources(names: Iterable[str]) -> tuple[str, ...]:
    """The evidence that these variables come from, in a stable order."""
    wanted = {SOURCE_OF[name] for name in names}
    return tuple(source for source in SOURCES if source in wanted)


def reference() -> str:
    """The context as Markdown, for the documentation."""
    parts = []
    for variable in VARIABLES:
        shape = variable.type
        head = f"### `{variable.name}`"
        parts += [head, "", f"{_sentence(variable.help)} {_shape(shape)}{_from(variable.source)}", ""]
        fields = (shape.element or shape).fields
        if fields:
            parts += ["| field | type | what |", "|---|---|---|"]
            parts += [f"| `{name}` | {_kind(entry)} | {entry.help} |" for name, entry in fields.items()]
            parts.append("")
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _shape(shape: Type) -> str:
    if shape.kind == "list":
        return "A list."
    return "" if shape.kind == "object" else f"A {shape}."


def _from(source: str) -> str:
    return f" Evidence: {IN_WORDS[source]}." if source else ""


def _kind(entry: Field) -> str:
    kind = entry.type
    shown = f"`{kind}`" if not kind.values else " ".join(f"`{value}`" for value in kind.values if value)
    if kind.kind == "list" and kind.element is not None and kind.element.fields:
        inside = ", ".join(f"`{name}`" for name in kind.element.fields)
        shown = f"list of {kind.element} ({inside})"
    return f"{shown}, may be absent" if entry.optional else shown
