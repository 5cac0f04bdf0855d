"""The report as JUnit XML, for the test views of continuous-integration servers.

Viewers show one failure a test case, so each finding at or above the failing severity is a case of its
own. Nothing that was skipped or unreadable is a case that passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from violet.domain import Failed, Finding, Skipped
from violet.report.model import by_file, gap_reason, place, sortable, summary
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.report import View


def render(view: View) -> str:
    suite = ET.Element("testsuite", name=f"violet {visible(view.report.command)}".strip())
    _properties(suite, view)
    cases = _cases(view)
    suite.extend(cases)
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    root = ET.Element("testsuites", name="violet")
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
        element.set("time", "0")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(suite: ET.Element, view: View) -> None:
    counts = summary(view.report)
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("violet.version", view.report.version),
        ("violet.command_line", view.command_line),
        ("violet.verdict", view.decision.verdict.value),
        ("violet.reasons", " ".join(view.decision.reasons)),
        ("violet.findings", counts.severities()),
        ("violet.accepted", str(counts.accepted)),
        ("violet.fail_on", str(view.fail_on)),
    ):
        ET.SubElement(properties, "property", name=name, value=visible(value))


def _cases(view: View) -> list[ET.Element]:
    report = view.report
    gaps: dict[str, list[Skipped | Failed]] = {}
    missing: tuple[Skipped | Failed, ...] = (*report.failed, *report.skipped)
    for outcome in missing:
        gaps.setdefault(outcome.location.path, []).append(outcome)
    findings = {group.paths[0]: group for group in by_file(report.findings, merge=False)}
    accepted: dict[str, list[Finding]] = {}
    for finding in report.accepted:
        accepted.setdefault(finding.location.path, []).append(finding)
    paths = {asset.path for asset in report.assets} | set(gaps) | set(findings) | set(accepted)
    # An archive does not pass where something inside it fails or was not examined.
    bad = {f.location.path for f in report.findings if f.severity >= view.fail_on} | set(gaps)
    tainted = {path[:at] for path in bad for at, character in enumerate(path) if character == "!"}
    cases: list[ET.Element] = []
    for path in sorted(paths, key=sortable):
        inside = [f for rule in findings[path].groups for f in rule.findings] if path in findings else []
        failing = [finding for finding in inside if finding.severity >= view.fail_on]
        cases += [_failure(path, finding) for finding in failing]
        cases += [_gap(path, outcome) for outcome in gaps.get(path, [])]
        if not failing and path not in gaps and path not in tainted:
            cases.append(ET.Element("testcase", classname="violet.scan", name=visible(path), time="0"))
        lesser = [_sentence(finding) for finding in inside if finding.severity < view.fail_on]
        lesser += [f"accepted: {_sentence(finding)}" for finding in accepted.get(path, [])]
        if lesser and cases:
            ET.SubElement(cases[-1], "system-out").text = "\n".join(lesser)
    return cases


def _failure(path: str, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=visible(finding.rule), name=visible(path), time="0")
    failure = ET.SubElement(case, "failure", type=str(finding.severity), message=visible(finding.message))
    rows = (
        ("rule", finding.rule),
        ("severity", f"{finding.severity} ({finding.confidence} confidence)"),
        ("path", finding.location.path),
        ("at", place(finding.location)),
        ("evidence", finding.evidence),
        ("ATLAS", ", ".join(finding.techniques)),
        ("fix", finding.fix),
        ("fingerprint", finding.fingerprint),
    )
    failure.text = "\n".join(f"{name}: {visible(value)}" for name, value in rows if value)
    return case


def _gap(path: str, outcome: Skipped | Failed) -> ET.Element:
    case = ET.Element("testcase", classname="violet.scan", name=visible(path), time="0")
    reason = visible(gap_reason(outcome))
    if isinstance(outcome, Failed):
        ET.SubElement(case, "error", type="unreadable", message=reason)
    else:
        ET.SubElement(case, "skipped", message=reason)
    return case


def _sentence(finding: Finding) -> str:
    where = place(finding.location)
    text = f"{finding.severity} {finding.rule}: {finding.message}"
    return visible(" ".join(filter(None, (text, finding.evidence, f"({where})" if where else ""))))
