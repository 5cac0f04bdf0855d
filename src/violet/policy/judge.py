"""Ask every requirement of the evidence, and make of the answers a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import Verdict
from violet.domain.gate import Enforcement, MissingEvidence, Outcome, Requirement, RequirementResult, Waiver
from violet.policy.cel.prose import counted, denied, in_words, sentence
from violet.policy.cel.tree import Macro, Name, Node, Select, Unary, conjuncts, spelled, variables
from violet.policy.expression import Answer, Expression, Truth, compiled, evaluate, value
from violet.policy.schema import IN_WORDS
from violet.policy.waivers import waived_fingerprints, waived_requirements

if TYPE_CHECKING:
    from violet.policy.gate import InForce

WAIVABLE = ("findings", "vulnerabilities")
"""The lists of the context whose items have fingerprints."""
_SHOWN = 8
_GROUP = 64


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate knows: ``context`` has the variables whose evidence is there, ``missing`` says why others are
    not. ``waivers`` are those that count."""

    context: Mapping[str, Any]
    missing: tuple[MissingEvidence, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def model(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.context["model"]
        return found

    @property
    def environment(self) -> str:
        return str(self.context["environment"])


def judge(rules: InForce, facts: Facts) -> tuple[RequirementResult, ...]:
    """How each requirement comes out, in the order of the policy. Never raises."""
    waived = waived_fingerprints(facts.waivers, facts.model, facts.environment)
    lenient = _without(facts.context, waived)
    exceptions = waived_requirements(facts.waivers, facts.model, facts.environment)
    results = []
    for requirement in rules.requirements:
        asked = rules.compiled[requirement.name]
        result = _result(requirement, asked, facts)
        if not result.passed and requirement.waivable and result.outcome is not Outcome.ERROR:
            result = _with_waivers(result, asked, facts, lenient, waived, exceptions.get(requirement.name))
        results.append(result)
    return tuple(results)


def verdict(results: Iterable[RequirementResult], missing: Iterable[MissingEvidence]) -> tuple[Verdict, int]:
    """The verdict, and the exit code that follows: 3 where a model is denied only because looking at it broke.
    No requirement at all denies."""
    asked = tuple(results)
    broken = {entry.source for entry in missing if entry.failed}
    denying = [r for r in asked if not r.passed and r.requirement.enforcement is Enforcement.DENY]
    if not any(r.requirement.enforcement is Enforcement.DENY for r in asked):
        return Verdict.DENY, 1
    if denying:
        unseen = all(r.outcome is Outcome.UNKNOWN and broken.intersection(r.requirement.needs) for r in denying)
        return Verdict.DENY, 3 if unseen else 1
    return (Verdict.ALLOW if all(r.passed for r in asked) else Verdict.WARN), 0


def _result(requirement: Requirement, asked: Expression, facts: Facts) -> RequirementResult:
    absent = [entry for entry in facts.missing if entry.source in requirement.needs]
    answer = evaluate(asked, facts.context)
    explicit = [entry for entry in absent if entry.source not in asked.needs]
    if answer.truth is Truth.YES and not explicit:
        return RequirementResult(requirement, Outcome.MET, sentence(in_words(asked.node)))
    if absent and answer.truth is not Truth.NO:
        reason = " ".join(_missing_sentence(entry) for entry in absent)
        return RequirementResult(requirement, Outcome.UNKNOWN, reason)
    if answer.truth is Truth.MISSING:
        return RequirementResult(requirement, Outcome.UNKNOWN, f"This cannot be told: {answer.reason}.")
    if answer.truth is Truth.BROKEN:
        return RequirementResult(requirement, Outcome.ERROR, f"Its expression cannot be worked out: {answer.reason}.")
    return RequirementResult(requirement, Outcome.NOT_MET, *_why_not(asked, facts.context))


def _missing_sentence(entry: MissingEvidence) -> str:
    return entry.reason or f"There is no {IN_WORDS.get(entry.source, entry.source)}."


def _with_waivers(
    result: RequirementResult,
    asked: Expression,
    facts: Facts,
    lenient: Mapping[str, Any],
    waived: Mapping[str, Waiver],
    exception: Waiver | None,
) -> RequirementResult:
    requirement = result.requirement
    if result.outcome is Outcome.NOT_MET and evaluate(asked, lenient).truth is Truth.YES:
        needed = _needed(asked, facts.context, waived)
        names = ", ".join(f"{waiver.fingerprint[:12]} ({waiver.reason})" for waiver in needed)
        reason = f"{result.reason} Waived: {names}."
        return RequirementResult(
            requirement, Outcome.WAIVED, reason, result.details, waivers=tuple(waiver.id for waiver in needed)
        )
    if exception is not None:
        reason = f"{result.reason} Waived by {exception.approver} for {exception.owner}: {exception.reason}"
        return RequirementResult(
            requirement, Outcome.WAIVED, _sentence(reason), result.details, waivers=(exception.id,)
        )
    return result


def _needed(asked: Expression, context: Mapping[str, Any], waived: Mapping[str, Waiver]) -> list[Waiver]:
    """The waivers that the requirement cannot do without, one left out at a time; all that cover something where
    each alone could be spared."""
    present = _fingerprints(context) & set(waived)
    needed = [
        waived[fingerprint]
        for fingerprint in sorted(present)
        if evaluate(asked, _without(context, present - {fingerprint})).truth is not Truth.YES
    ]
    return needed or [waived[fingerprint] for fingerprint in sorted(present)]


def _fingerprints(context: Mapping[str, Any]) -> set[str]:
    return {item["fingerprint"] for name in WAIVABLE for item in context.get(name, ())}


def _without(context: Mapping[str, Any], waived: Iterable[str]) -> dict[str, Any]:
    """The context with waived findings left out."""
    left_out = set(waived)
    changed = dict(context)
    for name in WAIVABLE:
        if name in changed and left_out:
            changed[name] = [item for item in changed[name] if item["fingerprint"] not in left_out]
    return changed


# -- reasons ---------------------------------------------------------------------------------------


def _why_not(asked: Expression, context: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A sentence, and a line for each thing because of which it is not met."""
    failing = [part for part in conjuncts(asked.node) if _answer(part, context).truth is not Truth.YES]
    sentences: list[str] = []
    details: list[str] = []
    for part in failing or [asked.node]:
        if isinstance(part, Macro) and part.macro == "all":
            items = failing_items(part, context)
            sentences.append(sentence(counted(part, len(items))))
            details += map(_described, items)
        else:
            sentences.append(sentence(denied(part)))
            details += _observed(part, context)
    signature = context.get("signature")
    if "signature" in asked.needs and isinstance(signature, dict) and signature.get("reason"):
        details.insert(0, str(signature["reason"]))
    shown = details[:_SHOWN]
    if len(details) > _SHOWN:
        shown.append(f"and {len(details) - _SHOWN:,} more")
    return " ".join(sentences), tuple(shown)


def failing_items(node: Macro, context: Mapping[str, Any]) -> list[Any]:
    """The items for which the body of ``all`` does not hold; one that breaks the expression hides no other.

    They are asked in small groups: the engine copies a list for every item that ``filter`` keeps.
    """
    items = context.get(node.target.name) if isinstance(node.target, Name) else _value(node.target, context)
    if not isinstance(items, list):
        return []
    group = f"{node.variable}_group"
    asked = spelled(Macro("filter", Name(group, 0), node.variable, Unary("!", node.body, 0), 0))
    used = {name: context[name] for name in variables(node.body) if name in context}
    found: list[Any] = []
    for start in range(0, len(items), _GROUP):
        part = items[start : start + _GROUP]
        try:
            wrong = value(asked, {**used, group: part}) if len(part) > 1 else None
        except Exception:
            wrong = None
        found += [item for item in part if not _holds(node, item, used)] if wrong is None else wrong
    return found


def _holds(node: Macro, item: Any, used: Mapping[str, Any]) -> bool:
    try:
        return value(spelled(node.body), {**used, node.variable: item}) is True
    except Exception:
        return False


def offending(asked: Expression, context: Mapping[str, Any]) -> frozenset[str]:
    """The fingerprints because of which the requirement is not met."""
    found: set[str] = set()
    for part in conjuncts(asked.node):
        if isinstance(part, Macro) and part.macro == "all" and _answer(part, context).truth is not Truth.YES:
            items = failing_items(part, context)
            found |= {item["fingerprint"] for item in items if isinstance(item, dict) and "fingerprint" in item}
    return frozenset(found)


def _observed(node: Node, context: Mapping[str, Any]) -> list[str]:
    """What the fields are that a comparison is about, where they can be told in a few words."""
    found = []
    for part in _selections(node):
        seen = _value(part, context)
        if isinstance(seen, str | bool | int | float):
            found.append(f"{spelled(part)} is {str(seen).lower() if isinstance(seen, bool) else seen or 'empty'}")
        elif isinstance(seen, list) and all(isinstance(item, str) for item in seen):
            found.append(f"{spelled(part)} is {', '.join(seen[:_SHOWN]) or 'empty'}")
        elif hasattr(seen, "total_seconds"):
            found.append(f"{spelled(part)} is {seen}")
    return list(dict.fromkeys(found))


def _selections(node: Node) -> Iterable[Node]:
    from violet.policy.cel.tree import children

    if isinstance(node, Select) and not node.test and isinstance(node.operand, Name):
        yield node
    elif not isinstance(node, Macro):
        for child in children(node):
            yield from _selections(child)


def _described(item: Any) -> str:
    """One line for an item of a list."""
    if not isinstance(item, dict):
        return str(item)
    if "rule" in item:
        return f"{item['level']} {item['rule']} in {item['path']} ({item['fingerprint']})"
    if "component" in item:
        return f"{item['level']} {item['id']} in {item['component']} {item['version']} ({item['fingerprint']})"
    for name, more in (("path", "reason"), ("path", "error"), ("type", "digest"), ("name", "version")):
        if name in item and more in item:
            return f"{item[name]}: {item[more]}" if item[more] else str(item[name])
    return str(item.get("name", item))


def _answer(node: Node, context: Mapping[str, Any]) -> Answer:
    return evaluate(compiled(node), context)


def _value(node: Node, context: Mapping[str, Any]) -> Any:
    try:
        return value(spelled(node), {name: context[name] for name in variables(node) if name in context})
    except Exception:
        return None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def warnings(rules: InForce, constant: Sequence[str]) -> tuple[str, ...]:
    """What is odd about the policy itself: what was loosened, and what asks nothing."""
    odd = [f"The requirement {name} asks nothing: it holds whatever is found." for name in constant]
    return (*rules.notes, *odd)
