"""The decision as JUnit XML: a test case for each requirement. What is unknown did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from violet.domain.gate import Enforcement, Outcome
from violet.report.gate.words import item_line, provenance_rows, tally
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.gate import GateDecision, RequirementResult
    from violet.report.gate import GateView


def render(view: GateView) -> str:
    decision = view.decision
    suite = ET.Element("testsuite", name="violet gate")
    properties = ET.SubElement(suite, "properties")
    rows = (
        ("violet.version", decision.version),
        ("violet.verdict", decision.verdict.value),
        ("violet.tally", tally(decision)),
        *((f"violet.{name.lower()}", value) for name, value in provenance_rows(decision)),
    )
    for name, value in rows:
        ET.SubElement(properties, "property", name=name, value=visible(value))
    cases = [_case(result) for result in decision.results] + [_reason(text) for text in _own_reasons(decision)]
    suite.extend(cases)
    root = ET.Element("testsuites", name="violet")
    counts = {"tests": len(cases)}
    for name, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = sum(case.find(child) is not None for case in cases)
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
        element.set("time", "0")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _own_reasons(decision: GateDecision) -> tuple[str, ...]:
    return decision.reasons or (() if decision.results else ("Nothing was asked.",))


def _case(result: RequirementResult) -> ET.Element:
    requirement = result.requirement
    case = ET.Element("testcase", classname="violet.gate", name=visible(requirement.name), time="0")
    if result.outcome is Outcome.MET:
        return case
    text = "\n".join(_lines(result))
    if result.outcome is Outcome.WAIVED:
        ET.SubElement(case, "skipped", message=visible(result.reason))
    elif requirement.enforcement is Enforcement.WARN:
        ET.SubElement(case, "system-out").text = f"warning: {visible(result.reason)}\n{text}"
    else:
        kind = "failure" if result.outcome is Outcome.NOT_MET else "error"
        entry = ET.SubElement(case, kind, type=result.outcome.value, message=visible(result.reason))
        entry.text = text
    return case


def _lines(result: RequirementResult) -> list[str]:
    rows = [
        ("asks", result.requirement.description),
        ("expression", result.requirement.expression),
        *(("detail", detail) for detail in result.details),
        *(("evidence", item_line(item)) for item in result.evidence),
        ("again", result.reproduce),
        ("fix", result.fix),
    ]
    return [f"{name}: {visible(value)}" for name, value in rows if value]


def _reason(text: str) -> ET.Element:
    case = ET.Element("testcase", classname="violet.gate", name="decision", time="0")
    ET.SubElement(case, "failure", type="denied", message=visible(text)).text = visible(text)
    return case
