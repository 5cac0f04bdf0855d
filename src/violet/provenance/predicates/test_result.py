"""What came of examining an artifact: the test-result predicate, version 0.1.

Source: in-toto attestation framework, ``spec/predicates/test-result.md``. The predicate holds lists of names
only. The whole report goes along in the extension field ``violet_report``, a resource descriptor: within the
statement where it is small, by digest otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from violet.provenance.predicates.resource import Fields, PredicateError, Resource

RESULTS = ("PASSED", "WARNED", "FAILED")
REPORT = "violet_report"


@dataclass(frozen=True, slots=True)
class TestResult:
    """``passed``, ``warned`` and ``failed`` are names of tests, here rule ids; ``configuration`` is what the
    result depends on, each with a digest."""

    __test__ = False

    result: str
    configuration: tuple[Resource, ...]
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    url: str = ""
    report: Resource | None = None

    def encode(self) -> dict[str, Any]:
        value: dict[str, Any] = {
            "result": self.result,
            "configuration": [entry.encode() for entry in self.configuration],
            "passedTests": list(self.passed),
            "warnedTests": list(self.warned),
            "failedTests": list(self.failed),
        }
        if self.url:
            value["url"] = self.url
        if self.report is not None:
            value[REPORT] = self.report.encode()
        return value

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> TestResult:
        reader = Fields(value, "the test result")
        result = reader.text("result")
        if result not in RESULTS:
            raise PredicateError(f"the result is {result[:40]!r}, not one of {', '.join(RESULTS)}")
        if "configuration" not in value:
            raise PredicateError("the test result lacks configuration")
        return cls(
            result=result,
            configuration=reader.resources("configuration"),
            passed=reader.texts("passedTests"),
            warned=reader.texts("warnedTests"),
            failed=reader.texts("failedTests"),
            url=reader.text("url", ""),
            report=Resource.decode(value[REPORT]) if value.get(REPORT) else None,
        )
