"""Find the gate's policy, and say what is in it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import ConfigurationError, Digest, UsageError
from violet.services.configuration import GATE, LARGEST, PROJECT_FILE, Configuration, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from violet.domain.gate import GateDecision, PolicyTest, Requirement
    from violet.policy.gate import GatePolicy, InForce
    from violet.policy.judge import Facts


@dataclass(frozen=True, slots=True, eq=False)
class PolicyFile:
    """The policy in force. Where there is none (``policy`` is ``None``), ``problem`` is the sentence for which the
    gate denies. ``digest`` is the SHA-256 of the file (``sha256sum FILE``)."""

    path: str
    configuration: Configuration
    policy: GatePolicy | None = None
    digest: Digest | None = None
    problem: str = ""
    fix: str = ""

    @property
    def directory(self) -> str:
        """Where the policy lies, and its waivers with it; ``""`` is the working directory."""
        return os.path.dirname(self.path) if self.path else self.configuration.root


def open_policy(policy: str = "", config: str = "", *, isolated: bool = False) -> PolicyFile:
    """The policy in the file ``policy``, which is the configuration too unless ``config`` names another; without
    ``policy``, that of the configuration in force.

    A file that cannot be read, or without ``[gate]``, makes a ``PolicyFile`` that denies. Raises
    ``ConfigurationError`` for one that is no TOML, or that says something it cannot.
    """
    if not policy:
        configuration = load(file=config, isolated=isolated)
        policy = _shown(configuration.file)
        if not policy:
            return PolicyFile("", configuration, problem="There is no policy.", fix=_START)
    content, problem = _content(policy)
    if problem:
        configuration = load(file=config, isolated=not config)
        return PolicyFile(policy, configuration, problem=problem, fix=_START)
    configuration = load(file=config or policy)
    if _content(policy) != (content, ""):  # the trusted keys and the requirements are of one file
        raise ConfigurationError(f"The policy {policy} changed while it was read.", "Ask again.")
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    table = _table(content, policy)
    if table is None:
        problem = f"The policy {policy} is empty: it has no [gate]."
        return PolicyFile(policy, configuration, digest=digest, problem=problem, fix=_START)
    from violet.policy.gate import parse_policy

    return PolicyFile(policy, configuration, parse_policy(table, policy), digest)


def in_force(opened: PolicyFile, environment: str) -> InForce:
    """What the policy asks in an environment. Raises ``ConfigurationError`` where it says nothing about it."""
    from violet.policy import gate

    if opened.policy is None:
        raise ConfigurationError(opened.problem, opened.fix)
    return gate.in_force(opened.policy, environment)


def constant(rules: InForce) -> tuple[str, ...]:
    """The requirements that hold whatever is found."""
    from violet.policy.samples import always_true

    return tuple(name for name, asked in rules.compiled.items() if always_true(asked))


_START = "Start with: violet gate init --preset baseline --output violet.toml"


def _shown(path: str) -> str:
    """As somebody in the working directory would name it, where it lies below that."""
    relative = os.path.relpath(path) if path else ""
    return path if relative.startswith(os.pardir) else relative


def _content(path: str) -> tuple[bytes, str]:
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        return b"", f"The policy {path} cannot be read: {error.strerror}."
    if len(content) > LARGEST:
        return b"", f"The policy {path} is larger than {LARGEST:,} bytes."
    return content, ""


def _table(content: bytes, path: str) -> Mapping[str, Any] | None:
    import tomllib

    try:
        whole: Any = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    if os.path.basename(path) == PROJECT_FILE:
        whole = whole.get("tool", {}).get("violet", {})
    found = whole.get(GATE) if isinstance(whole, dict) else None
    return None if found == {} else found


def preset(name: str) -> str:
    """A policy to start from. Raises ``UsageError`` for one that does not exist."""
    from violet.policy.presets import PRESETS, text

    if name not in PRESETS:
        listed = "; ".join(f"{known}: {about}" for known, about in PRESETS.items())
        raise UsageError(f"There is no preset {name!r}.", f"There is {listed}.")
    return text(name)


@dataclass(frozen=True, slots=True)
class Explained:
    """A requirement in words: what it ``asks``, the evidence it takes (``needs``, in words, with the command that
    makes each), and ``notes`` about it."""

    requirement: Requirement
    asks: str
    needs: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def explain(rules: InForce, model: str = "MODEL") -> tuple[Explained, ...]:
    """Every requirement in force, in the order of the policy."""
    from violet.policy.cel.prose import in_words, sentence
    from violet.policy.schema import IN_WORDS
    from violet.services.gate.remedies import making

    odd = set(constant(rules))
    explained = []
    for requirement in rules.requirements:
        notes = []
        if requirement.name in odd:
            notes.append("It asks nothing: it holds whatever is found.")
        if requirement.loosened:
            notes.append(f"It asks less than what it inherits: {requirement.loosened}")
        if not requirement.waivable:
            notes.append("Nobody can waive it.")
        asked = rules.compiled[requirement.name]
        needs = tuple((IN_WORDS[source], making(source, model, asked)) for source in requirement.needs)
        asks = sentence(in_words(asked.node))
        explained.append(Explained(requirement, asks, needs, tuple(notes)))
    return tuple(explained)


def record(decision: GateDecision, facts: Facts | None) -> str:
    """A decision as a test case of its policy (JSON). Raises ``UsageError`` where nothing was asked."""
    import json

    if facts is None:
        raise UsageError("There is nothing to record: the policy asks nothing.", _START)
    from violet.policy.cases import document

    outcomes = {result.requirement.name: result.outcome for result in decision.results}
    value = document(decision.identity.name, decision.environment, facts, decision.verdict, outcomes)
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


CASE_SUFFIXES = (".json", ".toml")
LARGEST_CASE = 64 << 20


def run_cases(opened: PolicyFile, paths: Sequence[str], *, mutations: bool = False) -> PolicyTest:
    """Ask the policy about recorded cases: files, or directories of them. Raises ``ConfigurationError`` for a case
    or policy that cannot be read, and ``UsageError`` where there is no case."""
    from violet.domain.gate import PolicyTest
    from violet.policy.cases import mutants, run

    if opened.policy is None:
        raise ConfigurationError(opened.problem, opened.fix)
    cases = [_case(path) for path in _case_files(paths)]
    results = run(opened.policy, cases)
    return PolicyTest(opened.path, results, mutants(opened.policy, cases) if mutations else ())


def _case_files(paths: Sequence[str]) -> list[str]:
    found = []
    for path in paths:
        if os.path.isdir(path):
            entries = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
            found += sorted(entry for entry in entries if entry.endswith(CASE_SUFFIXES))
        else:
            found.append(path)
    if not found:
        raise UsageError(f"There are no cases in {', '.join(paths)}.", "Record one: violet gate MODEL --record FILE")
    return found


def _case(path: str) -> Any:
    import json
    import tomllib

    from violet.policy.cases import read_case

    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_CASE + 1)
    except OSError as error:
        raise ConfigurationError(f"The case {path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_CASE:
        raise ConfigurationError(f"The case {path} is larger than {LARGEST_CASE:,} bytes.")
    try:
        text = content.decode("utf-8")
        value = tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The case {path} cannot be read: {error}.") from error
    return read_case(value, path)
