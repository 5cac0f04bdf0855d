"""What came of testing a policy: for a terminal, as JSON, and as JUnit XML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from violet.domain import UsageError
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.gate import Mutant, PolicyTest

FORMATS = ("console", "json", "junit")


def render(test: PolicyTest, fmt: str) -> str:
    """The result as text, ending in one newline. Raises ``UsageError`` for an unknown format."""
    makers = {"console": _console, "json": _json, "junit": _junit}
    if fmt not in makers:
        raise UsageError(f"{fmt!r} is not a format of policy tests.", f"Use one of {', '.join(FORMATS)}.")
    return makers[fmt](test)


def _console(test: PolicyTest) -> str:
    lines = []
    for case in test.cases:
        where = f" ({case.environment})" if case.environment else ""
        lines.append(f"{'failed' if case.mismatches else 'passed':<8}{visible(case.name)}{visible(where)}")
        lines += [f"        {visible(text)}" for text in case.mismatches]
    failed = sum(bool(case.mismatches) for case in test.cases)
    lines += ["", f"{len(test.cases):,} case{'' if len(test.cases) == 1 else 's'}, {failed:,} failed."]
    if test.mutants:
        lines += _mutations(test)
    return "\n".join(lines) + "\n"


def _mutations(test: PolicyTest) -> list[str]:
    noticed = len(test.mutants) - len(test.unnoticed)
    lines = ["", f"{len(test.mutants):,} changes of the policy were tried, {noticed:,} of them were noticed."]
    if test.unnoticed:
        lines += ["", "No case notices when these are taken out:"]
        lines += [f"  {visible(_mutant(mutant))}" for mutant in test.unnoticed]
        lines += ["", "Record a model that fails them: violet gate MODEL --record FILE"]
    return lines


def _mutant(mutant: Mutant) -> str:
    where = f" in {mutant.environment}" if mutant.environment else ""
    return f"{mutant.requirement}{where}: {mutant.what}"


def _json(test: PolicyTest) -> str:
    content = {
        "schema": "violet-policy-test/1",
        "policy": test.policy,
        "passed": test.passed,
        "cases": [
            {
                "name": case.name,
                "path": case.path,
                "environment": case.environment,
                "verdict": case.verdict.value,
                "mismatches": list(case.mismatches),
            }
            for case in test.cases
        ],
        "mutations": [
            {
                "requirement": mutant.requirement,
                "environment": mutant.environment,
                "removed": mutant.what,
                "noticed_by": list(mutant.noticed_by),
            }
            for mutant in test.mutants
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _junit(test: PolicyTest) -> str:
    suite = ET.Element("testsuite", name="violet policy test")
    for case in test.cases:
        name = f"{case.name} ({case.environment})" if case.environment else case.name
        entry = ET.SubElement(suite, "testcase", classname="violet.policy", name=visible(name), time="0")
        if case.mismatches:
            text = "\n".join(map(visible, case.mismatches))
            ET.SubElement(entry, "failure", type="mismatch", message=visible(case.mismatches[0])).text = text
    for mutant in test.mutants:
        entry = ET.SubElement(
            suite, "testcase", classname="violet.policy.mutation", name=visible(_mutant(mutant)), time="0"
        )
        if not mutant.noticed_by:
            ET.SubElement(entry, "failure", type="unnoticed", message="No case notices when this is taken out.")
    root = ET.Element("testsuites", name="violet")
    cases = list(suite)
    for element in (root, suite):
        element.set("tests", str(len(cases)))
        element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        element.set("errors", "0")
        element.set("skipped", "0")
        element.set("time", "0")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
