"""``violet rules``: list the rules, or explain one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.domain import Rule
from violet.faces.cli.output import chosen, deliver
from violet.services.catalogue import RuleEntry, find, rules

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("console", "json")

DESCRIPTION = "List the rules that Violet knows, or explain one: what it looks for, why it matters, how to fix it."

EXAMPLES = """  violet rules
  violet rules --format json
  violet rules explain artifact/worker-death"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "explain"), default="list")
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="with explain: the rule")
    parser.add_argument("--format", choices=FORMATS, help="default: console, or what --output ends in")
    parser.add_argument("--output", default="", metavar="FILE")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    fmt = chosen(arguments.format, arguments.output, FORMATS)
    if arguments.action == "explain":
        entries = [find(arguments.id)]
    else:
        entries = list(rules().values())
    if fmt == "json":
        text = json.dumps([_as_json(entry) for entry in entries], indent=2) + "\n"
    elif arguments.action == "explain":
        text = _explain(entries[0])
    else:
        text = _table(entries)
    deliver(text, arguments.output)
    return 0


def _table(entries: list[RuleEntry]) -> str:
    width = max((len(entry.rule.id) for entry in entries), default=0)
    lines = [f"{e.rule.id:<{width}}  {e.rule.severity!s:<8}  {e.rule.title}" for e in entries]
    return "\n".join([*lines, "", f"{len(lines)} rules. More about one: violet rules explain ID", ""])


def _explain(entry: RuleEntry) -> str:
    rule = entry.rule
    head = [rule.id, f"{rule.title} ({rule.severity}; {rule.stage}; cost: {rule.cost})"]
    references = [*rule.techniques, *(f"CWE-{number}" for number in rule.cwe), *rule.references]
    parts = ["\n".join(head), entry.help]
    if references:
        parts.append("## References\n\n" + "\n".join(f"- {reference}" for reference in references))
    return "\n\n".join(parts) + "\n"


def _as_json(entry: RuleEntry) -> dict[str, Any]:
    rule: Rule = entry.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": str(rule.severity),
        "fix": rule.fix,
        "stage": str(rule.stage),
        "techniques": list(rule.techniques),
        "cwe": list(rule.cwe),
        "cost": str(rule.cost),
        "references": list(rule.references),
        "formats": list(entry.formats),
        "help": entry.help,
    }
