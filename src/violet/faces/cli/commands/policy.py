"""``violet policy``: explain and test policies, and manage waivers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError
from violet.faces.cli.output import write_text

if TYPE_CHECKING:
    import datetime
    from argparse import ArgumentParser, Namespace

    from violet.services.policies import Explained, PolicyFile

ACTIONS = ("explain", "test", "waive", "waivers")

DESCRIPTION = """Explain the gate's policy in words, test it with recorded cases, and accept findings for a time.
A waiver is for one finding or one requirement; it names a reason, an owner and an end, and somebody other than the
owner signs it."""

EXAMPLES = """  violet policy explain --environment production
  violet policy test cases/                    recorded with: violet gate MODEL --record FILE
  violet policy test cases/ --mutations        which requirements does no case test?
  violet policy waive FINGERPRINT --reason "our own class, reviewed" --owner ann --approver security \\
      --until 2027-01-31 --key security.pem
  violet policy waive --requirement bill-of-materials --model 'fraud-*' --reason "comes with 2.1" \\
      --owner ann --approver security --until 2027-01-31 --key security.pem
  violet policy waivers                        all of them, and whether they count

exit codes: 0 all well; 1 a case does not come out as expected (with --mutations: or a change is not noticed), or a
waiver does not count; 2 wrong usage, configuration or key"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="test: cases; waive: fingerprints of findings")
    parser.add_argument("--policy", default="", metavar="FILE", help="the policy (default: the configuration in force)")
    parser.add_argument("--environment", default="", metavar="NAME", help="as it is there; waive: only there")
    testing = parser.add_argument_group("test")
    testing.add_argument("--mutations", action="store_true", help="take each requirement out, and see who notices")
    waiving = parser.add_argument_group("waive")
    waiving.add_argument("--requirement", default="", metavar="NAME", help="a requirement instead of a finding")
    waiving.add_argument("--model", default="", metavar="PATTERN", help="for models of this name (findings: any)")
    waiving.add_argument(
        "--content", default="", metavar="DIGEST", help="for this content only: sha256:... of the model"
    )
    waiving.add_argument("--reason", default="", metavar="TEXT", help="why it is acceptable")
    waiving.add_argument("--owner", default="", metavar="NAME", help="who answers for it")
    waiving.add_argument("--approver", default="", metavar="NAME", help="who approves it: a name of trust.signers")
    waiving.add_argument("--until", default="", metavar="DAY", help="the last day on which it holds: 2027-01-31")
    waiving.add_argument("--key", default="", metavar="FILE", help="the approver's private key (default: sign.key)")
    parser.add_argument("--config", default="", metavar="FILE", help="the configuration, where it is not the policy")
    parser.add_argument("--isolated", action="store_true", help="look for no configuration file")
    parser.add_argument("--format", choices=("console", "json", "junit"), default="console")
    parser.add_argument("--output", default="", metavar="FILE")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    from violet.services.policies import open_policy

    if arguments.format == "junit" and arguments.action != "test":
        raise UsageError("Only violet policy test writes JUnit.", "Use --format json.")
    if arguments.targets and arguments.action in ("explain", "waivers"):
        raise UsageError(f"violet policy {arguments.action} takes no {arguments.targets[0]!r}.", "See: --help")
    opened = open_policy(arguments.policy, arguments.config, isolated=arguments.isolated)
    actions = {"explain": _explain, "test": _test, "waive": _waive, "waivers": _waivers}
    return actions[arguments.action](arguments, opened)


def _write(arguments: Namespace, text: str) -> None:
    if arguments.output:
        write_text(arguments.output, text)
    else:
        sys.stdout.write(text)


# -- explain ---------------------------------------------------------------------------------------


def _explain(arguments: Namespace, opened: PolicyFile) -> int:
    from violet.services.policies import explain, in_force

    rules = in_force(opened, arguments.environment)
    explained = explain(rules)
    if arguments.format == "json":
        content = {
            "schema": "violet-policy-explain/1",
            "policy": opened.path,
            "environment": arguments.environment,
            "inherits": list(rules.chain),
            "notes": list(rules.notes),
            "requirements": [_explained_json(entry) for entry in explained],
        }
        _write(arguments, json.dumps(content, indent=2) + "\n")
        return 0
    where = f" in {' -> '.join(rules.chain)}" if rules.chain else ""
    lines = [f"{opened.path}{where}: {len(explained)} requirements", ""]
    for entry in explained:
        lines += [*_explained_lines(entry), ""]
    lines += [f"note: {note}" for note in rules.notes]
    others = sorted(set(opened.policy.environments if opened.policy else ()) - set(rules.chain))
    if others:
        lines.append(f"Other environments: {', '.join(others)} (--environment NAME)")
    if not explained:
        lines.append("Nothing is asked, and so the gate denies.")
    _write(arguments, "\n".join(lines).rstrip() + "\n")
    return 0


def _explained_lines(entry: Explained) -> list[str]:
    requirement = entry.requirement
    warns = "  (warns only)" if requirement.enforcement.value == "warn" else ""
    lines = [f"{requirement.name}{warns}"]
    if requirement.description:
        lines.append(f"  {requirement.description}")
    lines.append(f"  Asks: {entry.asks}")
    for what, command in entry.needs:
        lines.append(f"  Needs {what}: {command}")
    if requirement.remedy:
        lines.append(f"  To meet it: {requirement.remedy}")
    lines += [f"  Serves: {reference}" for reference in requirement.references]
    return lines + [f"  {note}" for note in entry.notes]


def _explained_json(entry: Explained) -> dict[str, Any]:
    requirement = entry.requirement
    return {
        "name": requirement.name,
        "expression": requirement.expression,
        "description": requirement.description,
        "enforcement": requirement.enforcement.value,
        "asks": entry.asks,
        "needs": [{"evidence": what, "command": command} for what, command in entry.needs],
        "remedy": requirement.remedy,
        "references": list(requirement.references),
        "origin": requirement.origin,
        "notes": list(entry.notes),
    }


# -- test ------------------------------------------------------------------------------------------


def _test(arguments: Namespace, opened: PolicyFile) -> int:
    from violet.report.gate.cases import render
    from violet.services.policies import run_cases

    if not arguments.targets:
        raise UsageError("There are no cases to test with.", "Name files or directories: violet policy test cases/")
    test = run_cases(opened, arguments.targets, mutations=arguments.mutations)
    _write(arguments, render(test, arguments.format))
    return 0 if test.passed and not test.unnoticed else 1


# -- waivers ---------------------------------------------------------------------------------------


def _waive(arguments: Namespace, opened: PolicyFile) -> int:
    from violet.services.attest import signing_key
    from violet.services.waivers import WaiverRequest, make, place, settings_for

    for name in ("reason", "owner", "approver", "until"):
        if not getattr(arguments, name).strip():
            raise UsageError(f"A waiver needs --{name}.", "See: violet policy --help")
    if bool(arguments.targets) == bool(arguments.requirement):
        raise UsageError("Give fingerprints of findings, or --requirement NAME.", "violet gate shows both.")
    if arguments.requirement and not arguments.model:
        raise UsageError("A waiver of a requirement needs --model PATTERN.", "For every model say so: --model '*'")
    settings = settings_for(opened, arguments.environment, arguments.requirement)
    until = _day(arguments.until)
    key = signing_key(opened.configuration, arguments.key)
    requests = [
        WaiverRequest(
            owner=arguments.owner,
            approver=arguments.approver,
            reason=arguments.reason,
            until=until,
            fingerprint=target,
            requirement=arguments.requirement,
            model=arguments.model or "*",
            environment=arguments.environment,
            content=arguments.content,
        )
        for target in arguments.targets or [""]
    ]
    from violet.report.gate.waivers import waivers_json

    directory = place(opened)
    made = [make(r, key, directory, opened.configuration.signers, settings.max_waiver_days) for r in requests]
    if arguments.format == "json":
        _write(arguments, waivers_json(made))
    else:
        _write(arguments, "".join(f"Wrote {entry.path}. Commit it beside the policy.\n" for entry in made))
    return 0


def _day(text: str) -> datetime.date:
    import datetime

    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text!r} is no day.", "Write it as 2027-01-31.") from None


def _waivers(arguments: Namespace, opened: PolicyFile) -> int:
    from violet.report.gate.waivers import waivers_json, waivers_text
    from violet.services.waivers import listed, place

    found = listed(opened, arguments.environment)
    if arguments.format == "json":
        _write(arguments, waivers_json(found))
    elif not found:
        _write(arguments, f"There are no waivers in {place(opened)}.\n")
    else:
        _write(arguments, waivers_text(found))
    return 0 if all(entry.status.value == "valid" for entry in found) else 1
