"""What a watch does about aliases, against a registry in memory that others change under its hands."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain import ConfigurationError, Digest, UsageError, Verdict, VioletError
from violet.domain.gate import GateDecision
from violet.domain.provenance import Identity
from violet.domain.registry import Alias, ModelVersion, RegistryError, WatchAction
from violet.services.gate import GateOptions
from violet.services.registry.gatekeeper import Gatekeeper
from violet.services.registry.watch import PATIENCE, Watcher, WatchOptions

NOON = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)


@dataclass
class MemoryRegistry:
    """``live`` are the aliases, by model and alias. ``before_write`` is called before an alias is changed."""

    live: dict[tuple[str, str], str]
    address: str = "memory"
    broken: bool = False
    before_write: Callable[[], None] = lambda: None
    writes: list[tuple[str, ...]] = field(default_factory=list)

    def models(self) -> Iterator[str]:
        if self.broken:
            raise VioletError("The registry does not answer.")
        return iter(sorted({model for model, _ in self.live}))

    def aliases(self, model: str = "") -> tuple[Alias, ...]:
        return tuple(sorted(Alias(m, a, v) for (m, a), v in self.live.items() if model in ("", m)))

    def alias(self, model: str, alias: str) -> str:
        self.before_write()
        return self.live.get((model, alias), "")

    def version(self, model: str, version: str) -> ModelVersion:
        return ModelVersion(model, version)

    def set_alias(self, model: str, alias: str, version: str) -> None:
        self.writes.append(("set", model, alias, version))
        self.live[model, alias] = version

    def delete_alias(self, model: str, alias: str) -> None:
        self.writes.append(("delete", model, alias))
        del self.live[model, alias]

    def fetch(self, version: ModelVersion, directory: str) -> str:
        raise NotImplementedError

    def fetch_evidence(self, version: ModelVersion, directory: str) -> str:
        raise NotImplementedError

    def attach_evidence(self, version: ModelVersion, directory: str) -> None:
        raise NotImplementedError

    def tag(self, version: ModelVersion, name: str, value: str) -> None:
        raise NotImplementedError


class Gate:
    """Denies the versions in ``denied``; counts the questions."""

    def __init__(self, *denied: str) -> None:
        self.denied = set(denied)
        self.asked: list[str] = []

    def __call__(self, version: ModelVersion) -> GateDecision:
        self.asked.append(version.version)
        if version.version == "gone":
            raise UsageError("There is no such version.")
        denied = version.version in self.denied
        return GateDecision(
            verdict=Verdict.DENY if denied else Verdict.ALLOW,
            exit_code=int(denied),
            identity=Identity(version.model, Digest("sha256", version.version * 8), 1),
            path="",
            environment="production",
            time=NOON,
            policy="",
            reasons=("It is not signed.",) if denied else (),
        )


def watcher(registry: MemoryRegistry, gate: Gate, **options: Any) -> Watcher:
    return Watcher(registry, gate, WatchOptions(**options), lambda: NOON)


def actions(watch: Watcher) -> list[tuple[str, str, str]]:
    return [(event.action.value, event.version, event.to) for event in watch.tick()]


def test_a_denied_version_loses_its_alias_to_the_last_one_that_was_allowed() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate("2")
    watch = watcher(registry, gate)
    assert actions(watch) == [("allowed", "1", "")]
    assert actions(watch) == []
    registry.live["fraud", "champion"] = "2"
    assert actions(watch) == [("reverted", "2", "1")]
    assert registry.live == {("fraud", "champion"): "1"}
    assert actions(watch) == []


def test_without_an_allowed_version_the_alias_is_removed() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "2"}), Gate("2")
    assert actions(watcher(registry, gate)) == [("removed", "2", "")]
    assert registry.live == {}


def test_the_version_to_go_back_to_is_asked_about_again() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate("2")
    watch = watcher(registry, gate)
    actions(watch)
    gate.denied.add("1")
    registry.live["fraud", "champion"] = "2"
    assert actions(watch) == [("removed", "2", "")]


def test_a_version_that_stops_being_allowed_is_noticed_when_its_answer_is_old() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate()
    watch = watcher(registry, gate, recheck=0.0)
    assert actions(watch) == [("allowed", "1", "")]
    gate.denied.add("1")
    assert actions(watch) == [("removed", "1", "")]


def test_who_moves_the_alias_meanwhile_is_not_overwritten() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate("2")
    watch = watcher(registry, gate)
    actions(watch)
    registry.live["fraud", "champion"] = "2"

    def somebody() -> None:
        registry.live["fraud", "champion"] = "3"

    registry.before_write = somebody
    assert actions(watch) == [("moved-on", "2", "")]
    assert registry.writes == []
    registry.before_write = lambda: None
    assert actions(watch) == [("allowed", "3", "")]


def test_a_rehearsal_changes_nothing_and_asks_once() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "2"}), Gate("2")
    watch = watcher(registry, gate, dry_run=True)
    assert actions(watch) == [("would-remove", "2", "")]
    assert actions(watch) == []
    assert (registry.writes, gate.asked) == ([], ["2"])


def test_a_registry_that_does_not_answer_is_said_and_survived() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate()
    watch = watcher(registry, gate)
    registry.broken = True
    assert actions(watch) == [("failed", "", "")]
    registry.broken = False
    assert actions(watch) == [("allowed", "1", "")]


def test_a_version_that_cannot_be_examined_is_not_taken_for_allowed() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "gone"}), Gate()
    watch = watcher(registry, gate)
    assert actions(watch) == [("failed", "gone", "")]
    assert actions(watch) == [("failed", "gone", "")]


def test_only_the_aliases_that_were_asked_for_are_watched() -> None:
    registry = MemoryRegistry({("fraud", "champion"): "2", ("fraud", "test"): "2", ("other", "champion"): "2"})
    assert actions(watcher(registry, Gate("2"), aliases=("champ*",), models=("fraud",))) == [("removed", "2", "")]


def test_an_alias_that_vanishes_is_reported_once() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate()
    watch = watcher(registry, gate)
    actions(watch)
    registry.live.clear()
    assert actions(watch) == [("gone", "1", "")]
    assert actions(watch) == []


def test_a_watch_that_starts_again_knows_where_to_go_back_to(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate("2")
    actions(watcher(registry, gate, state=state))
    registry.live["fraud", "champion"] = "2"
    assert actions(watcher(registry, gate, state=state)) == [("reverted", "2", "1")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"version": 2}', b'{"version": 1, "registry": "memory", "aliases": [{}]}', b"\xff"]
)
def test_a_state_file_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a state file"):
        watcher(MemoryRegistry({}), Gate(), state=str(state))


def test_a_state_file_of_another_registry_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"version": 1, "registry": "elsewhere", "aliases": []}))
    with pytest.raises(ConfigurationError, match="elsewhere"):
        watcher(MemoryRegistry({}), Gate(), state=str(state))


@given(
    moves=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123456")), max_size=12),
    denied=st.sets(st.sampled_from("123456")),
)
def test_after_a_look_no_alias_stands_for_a_denied_version(moves: list[tuple[str, str]], denied: set[str]) -> None:
    registry, gate = MemoryRegistry({}), Gate(*denied)
    watch = watcher(registry, gate)
    for model, version in moves:
        registry.live[model, "champion"] = version
        events = list(watch.tick())
        assert not denied.intersection(registry.live.values())
        assert all(event.action is not WatchAction.FAILED for event in events)
        if version not in denied:
            assert registry.live[model, "champion"] == version


# -- what an attacker could do ---------------------------------------------------------------------


class Choking(Gate):
    """Raises ``error`` for the versions in ``choking``."""

    def __init__(self, error: Exception, *choking: str) -> None:
        super().__init__()
        self.error, self.choking = error, set(choking)

    def __call__(self, version: ModelVersion) -> GateDecision:
        if version.version in self.choking:
            raise self.error
        return super().__call__(version)


@pytest.mark.parametrize("error", [VioletError("Two signatures."), KeyError("x"), RegistryError("500")])
def test_a_version_that_the_gate_chokes_on_does_not_stay(error: Exception) -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Choking(error, "2")
    watch = watcher(registry, gate)
    actions(watch)
    registry.live["fraud", "champion"] = "2"
    assert [actions(watch)[0][0] for _ in range(PATIENCE)] == ["failed"] * (PATIENCE - 1) + ["reverted"]
    assert registry.live == {("fraud", "champion"): "1"}


def test_one_that_was_never_allowed_is_taken_away_unless_nothing_can_be_fetched() -> None:
    for error, live in ((VioletError("Two signatures."), False), (RegistryError("500"), True)):
        registry = MemoryRegistry({("fraud", "champion"): "2"})
        watch = watcher(registry, Choking(error, "2"))
        for _ in range(PATIENCE):
            actions(watch)
        assert bool(registry.live) is live


def test_a_registry_or_policy_that_breaks_takes_no_alias_away() -> None:
    for error in (RegistryError("The store is down."), ConfigurationError("No TOML.")):
        registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Choking(error)
        watch = watcher(registry, gate, recheck=0.0)
        actions(watch)
        gate.choking = {"1", "2"}
        for version in ("1", "2"):
            registry.live["fraud", "champion"] = version
            assert {actions(watch)[0][0] for _ in range(2 * PATIENCE)} == {"failed"}
        assert registry.live == {("fraud", "champion"): "2"}


def test_moving_on_to_another_such_version_gains_nothing() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Choking(VioletError("no"), "2", "3")
    watch = watcher(registry, gate)
    actions(watch)
    said = []
    for number in range(PATIENCE):
        registry.live["fraud", "champion"] = "23"[number % 2]
        said += [action for action, _, _ in actions(watch)]
    assert said == ["failed"] * (PATIENCE - 1) + ["reverted"]


def test_a_model_that_cannot_be_listed_hides_no_other() -> None:
    @dataclass
    class Odd(MemoryRegistry):
        def aliases(self, model: str = "") -> tuple[Alias, ...]:
            if model == "a%2e":
                raise UsageError("The registry knows nothing of it.")
            return super().aliases(model)

    registry = Odd({("a%2e", "champion"): "1", ("fraud", "champion"): "2"})
    watch = watcher(registry, Gate("2"))
    assert actions(watch) == [("failed", "", ""), ("removed", "2", "")]
    assert registry.live == {("a%2e", "champion"): "1"}


def test_a_full_disk_does_not_end_the_watch(tmp_path: Path) -> None:
    registry = MemoryRegistry({("fraud", "champion"): "2"})
    watch = watcher(registry, Gate("2"), state=str(tmp_path / "absent" / "state.json"))
    assert ("removed", "2", "") in actions(watch)
    assert registry.live == {}


def test_a_state_file_that_somebody_wrote_into_promotes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    entries = [{"model": "fraud", "alias": "champion", "good": "2"}]
    state.write_text(json.dumps({"version": 1, "registry": "memory", "aliases": entries}))
    registry = MemoryRegistry({("fraud", "champion"): "3"})
    assert actions(watcher(registry, Gate("2", "3"), state=str(state))) == [("removed", "3", "")]


def test_a_version_whose_files_are_not_all_there_is_not_asked_about() -> None:
    keeper = Gatekeeper(MemoryRegistry({}), GateOptions(""))
    with pytest.raises(VioletError, match="PENDING_REGISTRATION"):
        keeper.ask(ModelVersion("fraud", "1", status="PENDING_REGISTRATION"))


@pytest.mark.parametrize("policy", ["", "[gate]\n", "[gate.requirements.x]\nexpression='true'\nenforcement='warn'\n"])
def test_where_no_policy_could_deny_no_alias_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "violet.toml").write_text(policy)
    registry = MemoryRegistry({("fraud", "champion"): "1"})
    keeper = Gatekeeper(registry, GateOptions("", policy="violet.toml"))
    watch = Watcher(registry, keeper.ask_of_policy, WatchOptions(), lambda: NOON)
    assert [actions(watch) for _ in range(2 * PATIENCE)] == [[("failed", "1", "")]] * 2 * PATIENCE
    assert registry.live == {("fraud", "champion"): "1"}
    with pytest.raises(ConfigurationError):
        keeper.require_policy()


def test_a_warning_takes_no_alias_away() -> None:
    registry, gate = MemoryRegistry({("fraud", "champion"): "1"}), Gate()
    watch = Watcher(registry, lambda v: replace(gate(v), verdict=Verdict.WARN), WatchOptions(), lambda: NOON)
    assert actions(watch) == [("allowed", "1", "")]


def test_what_is_remembered_between_processes_is_asked_about_again(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    registry = MemoryRegistry({("fraud", "champion"): "1"})
    actions(watcher(registry, Gate(), state=state))
    assert actions(watcher(registry, Gate("1"), state=state)) == [("removed", "1", "")]
