"""``violet guard`` as users meet it: traces, thresholds, and a proxy before a model that is attacked, loses its model,
its judge, and its peace."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from tests.faces.guarded import MODEL, Asking, document, guard, honest, rows, thief
from tests.targets.serving import FEATURES, Served, probabilities, serving
from violet.domain.errors import ConfigurationError
from violet.domain.guarding import DetectorPolicy, GuardPolicy, ModelPolicy
from violet.domain.traffic import Exchange
from violet.engine.background import Background
from violet.faces.cli.main import entry
from violet.runtime.trace import encode, read_trace, write_trace
from violet.services.guarding.gateway import GatewayOptions, plan_gateway

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "guard-1.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Honest traffic, its profile, thresholds fitted to it, and other traffic with a thief in it."""
    folder = tmp_path_factory.mktemp("guard")
    honest(folder / "benign.jsonl", 6000, 40)
    honest(folder / "later.jsonl", 1500, 40, seed=9, begin=1_791_000_000.0)
    profile, calibration = str(folder / "m.profile"), str(folder / "m.calibration.json")
    assert entry(["profile", str(folder / "benign.jsonl"), "-o", profile]) == 0
    asked = ["--false-alarms", "5", "--profile", profile, "--output", calibration, "--quiet"]
    assert entry(["guard", "calibrate", str(folder / "benign.jsonl"), *asked]) == 0
    stolen = thief(200)
    scores = probabilities(stolen)
    wicked = [
        Exchange(
            id=f"t{number}",
            at=1_791_100_000.0 + number,
            client="key:thief",
            model=MODEL,
            rows=(tuple(stolen[number].tolist()),),
            names=tuple(FEATURES),
            scores=(tuple(scores[number]),),
            seconds=0.001,
            request_bytes=120,
            truth="extraction:random",
        )
        for number in range(len(stolen))
    ]
    later = [*read_trace(str(folder / "later.jsonl")), *wicked]
    write_trace(str(folder / "attacked.jsonl"), sorted(later, key=lambda one: one.at))
    return folder


@pytest.fixture
def watched(made: Path) -> tuple[str, ...]:
    return ("--profile", str(made / "m.profile"), "--calibration", str(made / "m.calibration.json"))


@pytest.fixture
def model() -> Iterator[Served]:
    with serving() as served:
        yield served


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


# -- traces ----------------------------------------------------------------------------------------------------------


def test_a_thief_in_a_trace_is_named(made: Path, watched: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["guard", "--attach", str(made / "attacked.jsonl"), *watched, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    (accused,) = document["accused"]
    assert accused["client"] == "key:thief"
    assert accused["after"] < 60
    truth = {one["truth"]: (one["alerted"], one["clients"]) for one in document["truth"]}
    assert truth == {"benign:honest": (0, 40), "extraction:random": (1, 1)}
    alert = document["alerts"][0]
    assert alert["techniques"]
    assert alert["evidence"]["queries"]
    assert document["command"].startswith("violet guard --attach")


def test_honest_traffic_is_quiet(made: Path, watched: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["guard", "--attach", str(made / "later.jsonl"), *watched]) == 0
    said = capsys.readouterr().out
    assert "QUIET: no alert in 1,500 rows of 40 clients." in said
    assert "Again: violet guard --attach" in said


def test_every_format(made: Path, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tmp_path / name) for name in ("r.json", "r.jsonl", "r.md", "r.txt")]
    outputs = [part for path in files for part in ("--output", path)]
    assert entry(["guard", "--attach", str(made / "attacked.jsonl"), *watched, *outputs, "--quiet"]) == 1
    assert capsys.readouterr().out == ""
    lines = (tmp_path / "r.jsonl").read_text().splitlines()
    assert len(lines) == len(json.loads((tmp_path / "r.json").read_text())["alerts"]) > 0
    assert "| time | severity |" in (tmp_path / "r.md").read_text()
    assert "ALERT: " in (tmp_path / "r.txt").read_text()
    assert entry(["guard", "--attach", str(made / "attacked.jsonl"), *watched, "--fail-on", "critical", "--quiet"]) == 0


def test_what_does_not_fit_is_counted_and_said(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.jsonl"
    wrong = Exchange("a", 1.0, "key:a", MODEL, rows=((1.0, 2.0),))
    odd.write_bytes(encode(wrong) + b"\n{nonsense\n")
    assert entry(["guard", "--attach", str(odd), "--profile", str(made / "m.profile")]) == 3
    said = capsys.readouterr()
    assert "NOTHING TO JUDGE" in said.out
    assert "2 values a row, where the profile has 4 columns" in said.out
    assert "line 2" in said.out


def test_a_growing_trace_is_followed(made: Path, watched: tuple[str, ...], tmp_path: Path) -> None:
    grown = tmp_path / "grown.jsonl"
    grown.write_bytes(b"")
    lines = (made / "attacked.jsonl").read_bytes().splitlines(keepends=True)

    def grow(part: list[bytes]) -> None:
        with open(grown, "ab") as file:
            file.writelines(part)

    grow(lines[:500])
    arguments = ("guard", "--attach", str(grown), "--follow", *watched, "--color", "never")
    pid = os.fork()
    if pid == 0:  # it grows while the command below waits for what it says
        try:
            grow(lines[500:])
        finally:
            os._exit(0)
    with Background(arguments, r"(extraction/\S+) key:thief after", seconds=30) as running:
        os.waitpid(pid, 0)
        os.kill(running.pid, signal.SIGINT)
        until(lambda: not running.alive)
        assert running.close() == 1
        assert "ALERT" in running.output()


# -- thresholds and detectors ------------------------------------------------------------------------------------------


def test_too_little_traffic_is_refused(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["guard", "calibrate", str(made / "later.jsonl"), "--profile", str(made / "m.profile")]
    assert entry([*arguments, "--false-alarms", "0.1"]) == 2
    said = capsys.readouterr().err
    assert "too few" in said
    assert "--false-alarms" in said


def test_lines_that_cannot_be_read_are_counted(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "broken.jsonl"
    trace.write_text((made / "later.jsonl").read_text() + "{\n" * 5)
    assert entry(["guard", "calibrate", str(trace), "--profile", str(made / "m.profile"), "--force", "--quiet"]) == 0
    *each, all_in_all = [said for said in capsys.readouterr().err.splitlines() if "left out" in said]
    assert [said.partition(" is left out")[0] for said in each] == [f"violet: line {1501 + n:,}" for n in range(3)]
    assert all_in_all == "violet: 5 lines are left out, all in all"


def test_what_was_fitted_is_said_in_eighty_columns(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = str(tmp_path / "c.json")
    asked = ["--false-alarms", "5", "--profile", str(made / "m.profile"), "--output", fitted]
    assert entry(["guard", "calibrate", str(made / "benign.jsonl"), *asked]) == 0
    said = capsys.readouterr().out
    document = json.loads(Path(fitted).read_text())
    by_method: dict[str, set[str]] = {}
    for one in document["detectors"]:
        by_method.setdefault(one["method"], set()).add(one["id"])
    assert len(by_method) >= 2
    rows = {line.split()[0]: line for line in said.splitlines() if "/" in line}
    for method, names in by_method.items():
        for name in names:
            assert name in said
            if method != "kept":
                assert rows[name].rstrip("*").endswith({"extrapolated": "tail", "observed": "seen"}.get(method, method))
                assert float(rows[name].split()[4].lstrip("<")) >= 0.001, "no tail proves that nothing will be"
    table = said[said.index("detector ") : said.index("Wrote ")]
    assert max(map(len, table.splitlines())) <= 80


def test_thresholds_belong_to_their_profile(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = str(tmp_path / "other.profile")
    assert entry(["profile", str(made / "later.jsonl"), "-o", other]) == 0
    calibration = str(made / "m.calibration.json")
    trace = str(made / "later.jsonl")
    assert entry(["guard", "--attach", trace, "--profile", other, "--calibration", calibration]) == 2
    assert "was fitted to another profile" in capsys.readouterr().err


def test_detectors_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["guard", "detectors", "--format", "json"]) == 0
    known = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert {"extraction/boundary", "evasion/near_duplicates", "drift/univariate"} <= set(known)
    assert entry(["guard", "detectors", "extraction/boundary"]) == 0
    said = capsys.readouterr().out
    assert "## Misses" in said
    assert "AML.T0024" in said
    assert entry(["guard", "detectors", "extraction/bonudary"]) == 2


def test_examples_of_a_test_are_known_again(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = rows(60, 77)
    drawn = np.random.default_rng(3)
    adversarial = original + drawn.choice([-2.5, 2.5], size=original.shape)
    np.savez(tmp_path / "examples.npz", adversarial=adversarial, original=original)
    known, profile = str(tmp_path / "known.campaign"), ("--profile", str(made / "m.profile"))
    assert entry(["guard", "fingerprints", str(tmp_path / "examples.npz"), *profile, "--output", known]) == 0
    assert "60 examples, " in capsys.readouterr().out
    sent = [("key:copycat", adversarial[:9] + drawn.normal(0, 1e-4, size=(9, 4))), ("key:other", rows(9, 78))]
    write_trace(
        str(tmp_path / "sent.jsonl"),
        (
            Exchange(
                id=f"{who}{at}",
                at=1.8e9 + at,
                client=who,
                model=MODEL,
                rows=(tuple(x.tolist()),),
                names=tuple(FEATURES),
                scores=(tuple(probabilities(x[None])[0]),),
            )
            for who, some in sent
            for at, x in enumerate(some)
        ),
    )
    only = ("--detector", "inputs/known_campaign", *profile, "--format", "json")
    assert entry(["guard", "--attach", str(tmp_path / "sent.jsonl"), *only, "--campaign", known]) == 1
    (accused,) = json.loads(capsys.readouterr().out)["accused"]
    assert accused["client"] == "key:copycat"
    assert entry(["guard", "--attach", str(tmp_path / "sent.jsonl"), *only]) in (0, 3)
    honest(tmp_path / "other.jsonl", 600, 20, seed=4)
    assert entry(["profile", str(tmp_path / "other.jsonl"), "-o", str(tmp_path / "other.profile"), "--quiet"]) == 0
    other = ("--profile", str(tmp_path / "other.profile"), "--campaign", known)
    capsys.readouterr()
    for where in (("--attach", str(tmp_path / "sent.jsonl")), ("--upstream", "http://127.0.0.1:1", "--isolated")):
        assert entry(["guard", *where, *other]) == 2
        assert "another profile" in capsys.readouterr().err


def test_a_proxy_knows_attacks_from_files(made: Path, tmp_path: Path) -> None:
    """Those of the command line are for the model that it names, and go before those of the policy."""
    triggers = tmp_path / "triggers.json"
    triggers.write_text('{"triggers": [{"name": "patch", "columns": [0, 1], "values": [9.0, 9.0]}]}')
    known = DetectorPolicy(options={"file": str(tmp_path / "none.json"), "rare": 0.01})
    profile = str(made / "m.profile")
    policy = GuardPolicy(
        upstream="http://127.0.0.1:1",
        model=MODEL,
        models={MODEL: ModelPolicy(profile), "other": ModelPolicy()},
        detectors={"inputs/trojan_trigger": known},
    )
    plan = plan_gateway(GatewayOptions(policy, triggers=str(triggers)))
    mine, other = plan.station.judge.models
    assert mine.options["inputs/trojan_trigger"] == {"file": str(triggers), "rare": 0.01}
    assert other.options["inputs/trojan_trigger"] == known.options
    with pytest.raises(ConfigurationError, match=re.escape("none.json")):
        plan_gateway(GatewayOptions(policy))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "There is no traffic to watch."),
        (["--attach", "none.jsonl"], "none.jsonl"),
        (["--upstream", "ftp://x", "--isolated"], "is no URL of a server"),
        (["--upstream", "http://127.0.0.1:1", "--listen", "nowhere", "--isolated"], "--listen nowhere is no address"),
        (["--upstream", "http://127.0.0.1:1", "--profile", "no.profile", "--isolated"], "no.profile cannot be read"),
        (["--upstream", "http://127.0.0.1:1", "--tls-cert", "x", "--isolated"], "A certificate comes with its key."),
        (["--attach", "x", "--calibration", "c.json"], "--calibration comes with the profile"),
        (["--attach", "x", "--campaign", "k"], "--campaign comes with the profile"),
        (["fingerprints"], "Which examples is not said."),
        (["fingerprints", "e.npz"], "Fingerprints go by a profile."),
        (["fingerprints", "e.npz", "--profile", "p"], "Fingerprints are one file."),
        (["fingerprints", "e.npz", "--profile", "p", "--output", "k"], "p cannot be read"),
        (["rulings"], "Which guard is not said."),
        (["replay", "--state", "."], "Which alert is not said."),
        (["release", "--state", "."], "Whom to release is not said."),
        (["release", "key:x", "--state", ".", "--spare", "soon"], "--spare soon: that is no length of time"),
        (["calibrate", "t.jsonl", "--output", "none/c.json"], "The directory none does not exist."),
    ],
)
def test_bad_words_get_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert entry(["guard", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


# -- before a model ----------------------------------------------------------------------------------------------------


def told(state: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """One frame of ``violet watch``."""
    capsys.readouterr()
    if entry(["watch", str(state), "--once", "--format", "json"]) != 0:
        return {}
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_an_attack_is_seen_ruled_on_and_undone(
    model: Served, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    policy = tmp_path / "guard.toml"
    policy.write_text('mode = "enforce"\n[responses]\notherwise = { response = "refuse", for = "1h" }\n')
    arguments = (*watched, "--policy", str(policy), "--state", str(state), "--spool", str(tmp_path / "kept"))
    with guard(model.url, *arguments) as (caller, _):
        for row in rows(60, 3):
            status, said, _ = caller.ask(row, "honest")
            assert status == 200
            assert np.asarray(said["outputs"][1]["data"]) == pytest.approx(probabilities([row])[0])
        refused: tuple[int, Any] = (0, None)
        for row in thief(300):
            status, said, _ = caller.ask(row, "thief")
            if status != 200:
                refused = status, said
                break
        assert refused[0] == 403, "the thief was not stopped within 300 queries"
        asked = len(model.posts)
        assert caller.ask(rows(1, 4), "thief")[0] == 403
        assert len(model.posts) == asked, "the model was asked all the same"
        assert caller.ask(rows(1, 4), "honest")[0] == 200
        frame = until(lambda: (found := told(state, capsys)) and found["alerts"] and found)
        reason = refused[1]["reason"]
        assert reason in {alert["id"] for alert in frame["alerts"]}
        (client,) = {ruling["client"] for ruling in frame["rulings"]}
        assert client.startswith("key:")
        assert "thief" not in json.dumps(frame), "a key is never kept"
        assert entry(["guard", "rulings", "--state", str(state)]) == 0
        assert f"{client} ({MODEL}): refuse until" in capsys.readouterr().out
        until(lambda: entry(["guard", "replay", "--state", str(state), "--alert", reason]) == 0)
        kept = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        assert {one["client"] for one in kept} == {client}
        assert all(len(one["rows"][0]) == 4 for one in kept)
        assert entry(["guard", "release", client, "--state", str(state), "--spare", "1h"]) == 0
        assert caller.ask(rows(1, 4), "thief")[0] == 200
    capsys.readouterr()
    assert entry(["watch", str(state), "--once", "--format", "json"]) == 3, "it does not run any more"
    after = json.loads(capsys.readouterr().out)
    assert reason in {alert["id"] for alert in after["alerts"]}, "and what it wrote down is still shown"
    assert entry(["guard", "replay", "--state", str(state), "--alert", "w0-none"]) == 2
    assert "No alert 'w0-none' is kept" in capsys.readouterr().err
    incidents = (state / "alerts" / "incidents.jsonl").read_text().splitlines()
    assert any(json.loads(line)["client"] == client for line in incidents)


def test_attacks_of_violet_test_are_seen_over_the_network(
    model: Served, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What attacks models before they go live attacks them behind the guard: by labels, and by scores."""
    x = rows(60, 11)
    labels = np.argmax(probabilities(x), axis=1)
    np.savez(tmp_path / "held.npz", x=x, y=labels)
    for number, attack in enumerate(("decisions/hopskipjump", "scores/square")):
        state = tmp_path / f"state-{number}"
        with guard(model.url, *watched, "--state", str(state)) as (caller, _):
            url = f"http://127.0.0.1:{caller.port}/v2/models/{MODEL}/infer"
            data = ["--data", str(tmp_path / "held.npz"), "--threat", "l2:0.5", "--attack", attack, "--isolated"]
            few = ["--samples", "6", "--probes", "2", "--queries", "80", "--no-scan", "--suite", "quick", "--quiet"]
            assert entry(["test", url, *data, *few]) in (0, 1)
            frame = until(lambda state=state: (found := told(state, capsys)) and found["alerts"] and found)
            seen = {alert["detector"].partition("/")[0] for alert in frame["alerts"] if alert["client"]}
            assert "evasion" in seen, attack
            assert {one["client"] for one in frame["alerts"] if one["client"]} == {"address:127.0.0.1"}


def test_the_spool_speaks_ocsf(
    model: Served, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = str(tmp_path / "spool")
    with guard(model.url, *watched, "--spool", spool, "--inline") as (caller, _):
        assert caller.ask(rows(2, 1), "ann")[0] == 200
    capsys.readouterr()
    assert entry(["watch", "--spool", spool, "--format", "ocsf"]) == 0
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (event["class_uid"], event["metadata"]["version"][:2]) == (6003, "1.")
    assert entry(["watch", str(tmp_path), "--format", "ocsf"]) == 2


def test_observing_changes_nothing(model: Served, watched: tuple[str, ...], tmp_path: Path) -> None:
    with guard(model.url, *watched, "--inline") as (caller, running):
        for row in thief(150):
            status, said, _ = caller.ask(row, "thief")
            assert status == 200
            assert said["outputs"][1]["data"] == probabilities([row])[0]
        until(lambda: "extraction/" in running.output())
        assert "key:" in running.output()
        found = caller.raw("GET", "/v2/health/ready?x=%2F", headers={"x-own": "1"})
        assert found[0] == 404
        assert model.requests[-1][:2] == ("GET", "/v2/health/ready?x=%2F")


def test_a_model_that_is_gone_and_comes_back(watched: tuple[str, ...]) -> None:
    with serving() as first, guard(first.url, *watched) as (caller, _):
        assert caller.ask(rows(1, 0), "a")[0] == 200
        first.failures.append(500)
        assert caller.ask(rows(1, 0), "a")[0] == 500
    with guard("http://127.0.0.1:9", *watched) as (caller, _):
        status, said, _ = caller.ask(rows(1, 0), "a")
        assert status == 502
        assert "reason" in json.dumps(said)


def test_traffic_survives_its_judge(
    model: Served, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    with guard(model.url, *watched, "--state", str(state)) as (caller, running):
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        judges = [int(pid) for pid in children if b"judging" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(judges) == 1
        os.kill(judges[0], signal.SIGKILL)
        for row in rows(20, 1):
            assert caller.ask(row, "honest")[0] == 200
        until(lambda: "judges again" in running.output(), 60)
        for row in thief(150):
            assert caller.ask(row, "thief")[0] == 200
        frame = until(lambda: (found := told(state, capsys)) and found["alerts"] and found)
        assert any("has ended 1 times" in notice for notice in frame["notices"])


def test_one_state_has_one_guard(model: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "state")
    with guard(model.url, "--state", state) as (_, running):
        assert entry(["guard", "--upstream", model.url, "--listen", "127.0.0.1:0", "--state", state, "--isolated"]) == 2
        assert f"Another guard (process {running.pid}) uses the state directory" in capsys.readouterr().err
        assert running.close() == 0, "told to stop, it ends well"


def test_workers_share_a_port_and_the_figures(
    model: Served, watched: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from violet.engine.background import free_port

    state, port = tmp_path / "state", free_port()
    more = (
        "--state",
        str(state),
        "--workers",
        "2",
        "--metrics",
        f"127.0.0.1:{port}",
        "--share",
        str(tmp_path / "board"),
    )
    with guard(model.url, *watched, *more) as (caller, _):
        for row in rows(40, 2):
            assert caller.ask(row, "honest")[0] == 200

        def counted() -> float:
            status, text, _ = Asking(port).raw("GET", "/metrics")
            assert status == 200
            found = [line for line in text.decode().splitlines() if line.startswith("violet_guard_rows_total")]
            return sum(float(line.rpartition(" ")[2]) for line in found)

        until(lambda: counted() == 40)
        until(lambda: (found := told(state, capsys)) and len(found["workers"]) == 2 and found["rows"] == 40)


def test_what_is_refused_is_counted(model: Served, watched: tuple[str, ...], tmp_path: Path) -> None:
    from violet.engine.background import free_port

    policy, port = tmp_path / "guard.toml", free_port()
    policy.write_text("[proxy]\nbody = 4096\n[server]\nheaders = 20\n[limits.each]\nrows_per_request = 3\n")
    more = ("--inline", "--policy", str(policy), "--metrics", f"127.0.0.1:{port}", "--enforce")
    with guard(model.url, *watched, *more) as (caller, _):
        assert caller.raw("POST", "/elsewhere", bytes(5000))[0] == 413
        assert caller.raw("GET", "/", headers={f"x-{number}": "1" for number in range(30)})[0] == 431
        assert caller.ask(rows(4, 1), "greedy")[0] in (413, 429)
        text = Asking(port).raw("GET", "/metrics")[1].decode()
        assert re.search(r'violet_guard_proxy_total\{what="[a-z-]*body[a-z-]*"\} 1.0', text), text
        assert re.search(r'violet_guard_limits_refused_total\{limit="\w+"\} 1.0', text), text


def test_a_crowd_of_callers_leaves_memory_bounded(model: Served, watched: tuple[str, ...]) -> None:
    """Two thousand callers through a table of 256: whoever is silent longest makes room."""
    with guard(model.url, *watched, "--clients", "256", "--inline") as (caller, running):
        x = rows(2000, 6)

        def resident() -> int:
            return int(Path(f"/proc/{running.pid}/statm").read_text().split()[1]) * 4096

        for number in range(500):
            assert caller.ask(x[number], f"key-{number}")[0] == 200
        before = resident()
        for number in range(500, 2000):
            assert caller.ask(x[number], f"key-{number}")[0] == 200
        assert resident() - before < 24 << 20


def test_bodies_that_are_no_predictions(model: Served, watched: tuple[str, ...], tmp_path: Path) -> None:
    with guard(model.url, *watched, "--inline") as (caller, _):
        assert caller.raw("POST", f"/v2/models/{MODEL}/infer", json.dumps(document([[1, 2]])).encode())[0] in (
            200,
            404,
            500,
        )
        assert len(model.posts) == 1, "fails open: the model says what it thinks of it"
    policy = tmp_path / "guard.toml"
    policy.write_text('mode = "enforce"\non_error = "closed"\n')
    with guard(model.url, *watched, "--inline", "--policy", str(policy)) as (caller, _):
        asked = len(model.posts)
        status, said, _ = caller.raw("POST", f"/v2/models/{MODEL}/infer", json.dumps(document([[1, 2]])).encode())
        assert status == 400
        assert b"4 columns" in said
        assert caller.raw("POST", f"/v2/models/{MODEL}/infer", b"{")[0] == 400
        assert len(model.posts) == asked
