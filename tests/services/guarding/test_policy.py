"""The guard's policy: defaults, every key, and mistakes that are said with file and key."""

from __future__ import annotations

import contextlib
import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.alert import Response
from violet.domain.errors import ConfigurationError
from violet.domain.guarding import (
    DetectorPolicy,
    GuardPolicy,
    IdentityPolicy,
    JwtPolicy,
    ModelPolicy,
    Quota,
    Reaction,
    RedactionPolicy,
    ResponsePolicy,
    SharingPolicy,
    SpoolPolicy,
    TemplatePolicy,
)
from violet.domain.outcome import Severity
from violet.runtime.proxy import Limits, ServerLimits, Timeouts
from violet.runtime.proxy.settings import PROXY, SERVER, parse_proxy, parse_server
from violet.services.guarding import policy_keys
from violet.services.guarding.policy import load_policy, read_policy

PAGE = Path(__file__).parents[3] / "docs" / "tasks" / "guard-policy.md"
KNOWN = {"evasion/walks": ("window",), "denial/cost": ()}


def read(text: str, origin: str = "guard.toml", environment: dict[str, str] | None = None) -> GuardPolicy:
    return read_policy(tomllib.loads(text), origin, environment or {}, KNOWN)


def test_without_a_file_the_defaults_hold() -> None:
    assert load_policy(isolated=True, environment={}) == GuardPolicy()
    assert read("") == GuardPolicy(origin="guard.toml")


def test_every_key(tmp_path: Path) -> None:
    text = """
    mode = "enforce"
    on_error = "closed"
    unknown = "refuse"
    upstream = "http://model:8080/base"
    decoy = "unix:///run/decoy"
    model = "credit"
    protocols = ["v2", "openai"]
    body_bytes = "1.5 MiB"
    clients = 77
    spare = ["key:probe"]
    [identity]
    order = ["jwt", "key"]
    key_headers = ["X-Key"]
    known_keys = { billing = "sha256:%s" }
    header = "X-User"
    trusted_proxies = ["10.0.0.0/8", "unix"]
    v4_prefix = 24
    v6_prefix = 48
    secret = "secret"
    remembered = 5
    [identity.jwt]
    keys = "jwks.json"
    secret = "hs"
    issuer = "i"
    audience = "a"
    claim = "c"
    algorithms = ["RS256"]
    leeway_seconds = 5
    header = "X-Token"
    unverified_claims_that_anybody_could_write = true
    [limits]
    remembered = 9
    [limits.each]
    rows_per_second = 1.5
    burst = 2
    rows_per_day = 3
    bytes_per_second = 4
    tokens_per_minute = 5
    tokens_per_day = 6
    concurrent = 7
    rows_per_request = 8
    [limits.clients."key:a"]
    concurrent = 1
    [limits.models.credit]
    concurrent = 2
    [detectors."evasion/walks"]
    on = false
    threshold = 3
    options = { window = 5 }
    [responses]
    strongest = "refuse"
    digits = 2
    noise = 0.1
    slow_seconds = 1
    challenge_status = 402
    challenge_seconds = 9
    contact = "soc@example.org"
    otherwise = { response = "slow" }
    by_detector = { "denial/*" = { response = "shadow", for = "2h" } }
    by_severity = { high = { for = "forever" } }
    [redaction]
    columns = ["ssn", 3]
    paths = ["$.a[*].b"]
    patterns = ["[0-9]{16}"]
    how = "hash"
    clients = true
    [spool]
    directory = "spool"
    sample = 0.5
    bodies = true
    most_bytes = "2 GiB"
    segment_bytes = 1000000
    days = 7
    [sharing]
    address = "redis://cache:6379/0"
    name = "fleet"
    every_seconds = 2
    [models.credit]
    profile = "p"
    calibration = "c"
    schema = "s"
    upstream = "https://other"
    decoy = "http://decoy"
    ask = "http://asked"
    [[templates]]
    path = "/score"
    rows = "$.rows"
    form = "columns"
    scores = "$.p"
    labels = "$.y"
    names = ["a"]
    model = "m"
    model_at = "$.m"
    stream_at = "$.s"
    method = "PUT"
    [[templates]]
    path = "/ask"
    texts = "$.q"
    [[routes]]
    to = "file"
    [alerts]
    quiet = 5
    [tracing]
    endpoint = "x"
    [proxy]
    connect = 1.5
    first_byte = 0
    idle = 3
    total = 4
    rest = 1
    tunnel = 6
    continues = 2
    header_bytes = 1024
    headers = 9
    body = 4096
    requests = 10
    delayed = 11
    delay = 12
    connections = 13
    waiting = 14
    memory = 15
    window = 16
    [server]
    header_bytes = 2048
    headers = 20
    head_seconds = 21
    keep_alive = 22
    body_seconds = 23
    body_rate = 24
    write_seconds = 25
    connections = 26
    per_address = 0
    """ % ("0" * 64)
    found = read(text, str(tmp_path / "guard.toml"))

    def here(name: str) -> str:
        return str(tmp_path / name)

    assert (found.mode, found.on_error, found.unknown) == ("enforce", "closed", "refuse")
    assert (found.upstream, found.decoy, found.model) == ("http://model:8080/base", "unix:///run/decoy", "credit")
    assert (found.protocols, found.body_bytes, found.clients) == (("v2", "openai"), 3 << 19, 77)
    assert found.spare == ("key:probe",)
    assert found.identity == IdentityPolicy(
        order=("jwt", "key"),  # type: ignore[arg-type]
        key_headers=("x-key",),
        known_keys={"billing": "0" * 64},
        header="x-user",
        trusted_proxies=("10.0.0.0/8", "unix"),
        v4_prefix=24,
        v6_prefix=48,
        secret=here("secret"),
        jwt=JwtPolicy(here("jwks.json"), here("hs"), "i", "a", "c", ("RS256",), 5, "x-token", True),
        remembered=5,
    )
    assert found.limits.each == Quota(1.5, 2, 3, 4, 5, 6, 7, 8)
    assert found.limits.clients == {"key:a": Quota(concurrent=1)}
    assert found.limits.models == {"credit": Quota(concurrent=2)}
    assert found.limits.remembered == 9
    assert found.detectors == {"evasion/walks": DetectorPolicy(False, 3, {"window": 5})}
    assert found.responses == ResponsePolicy(
        by_detector={"denial/*": Reaction(Response.SHADOW, 7200)},
        by_severity={Severity.HIGH: Reaction(None, math.inf)},
        otherwise=Reaction(Response.SLOW, 600),
        strongest=Response.REFUSE,
        digits=2,
        noise=0.1,
        slow_seconds=1,
        challenge_status=402,
        challenge_seconds=9,
        contact="soc@example.org",
    )
    assert found.redaction == RedactionPolicy(("ssn", "3"), ("$.a[*].b",), ("[0-9]{16}",), "hash", True)
    assert found.spool == SpoolPolicy(here("spool"), 0.5, True, 2 << 30, 1_000_000, 7)
    assert found.sharing == SharingPolicy("redis://cache:6379/0", "fleet", 2)
    assert found.models == {
        "credit": ModelPolicy(here("p"), here("c"), here("s"), "https://other", "http://decoy", "http://asked")
    }
    assert found.templates == (
        TemplatePolicy("/score", "$.rows", "columns", "", "$.p", "$.y", ("a",), "m", "$.m", "$.s", "PUT"),
        TemplatePolicy("/ask", texts="$.q"),
    )
    assert found.routes == ({"to": "file"},)
    assert (found.alerts, found.tracing) == ({"quiet": 5}, {"endpoint": "x"})
    waits, most = parse_proxy(found.proxy, "guard.toml")
    assert waits == Timeouts(1.5, 0, 3, 4, 1, 6, 2)
    assert most == Limits(1024, 9, 4096, 10, 11, 12, 13, 14, 15, 16)
    assert parse_server(found.server, "guard.toml") == ServerLimits(2048, 20, 21, 22, 23, 24, 25, 26, 0)
    _says_all_keys(tomllib.loads(text), "guard")


def _says_all_keys(table: Any, name: str) -> None:
    """The example above has every key there is."""
    said: dict[str, set[str]] = {}

    def walk(value: Any, place: str) -> None:
        place = re.sub(r"^guard\.limits\.(clients|models)\.[^.]+$", "guard.limits.each", place)
        place = re.sub(r"^guard\.detectors\..+$", "guard.detectors.ID", place) if "options" not in place else ""
        place = re.sub(r"^guard\.models\..+$", "guard.models.NAME", place)
        place = re.sub(r"^guard\.responses\.(by_detector|by_severity)\..+$", "guard.responses.by_detector.ID", place)
        if isinstance(value, dict) and place:
            said.setdefault(place, set()).update(value)
            for key, inner in value.items():
                for one in inner if isinstance(inner, list) else [inner]:
                    walk(one, f"{place}.{key}")

    walk(table, name)
    for place, known in policy_keys.TABLES.items():
        assert said[place] == set(known), place


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ('mod = "enforce"', "guard.mod is no key", "mode"),
        ('mode = "enforced"', "guard.mode is 'enforced'", "'enforce'"),
        ("mode = 3", "guard.mode is 3", "observe"),
        ('upstream = "model:8080"', "guard.upstream", "http://"),
        ('upstream = "http://user@model"', "guard.upstream", "http://"),
        ('protocols = ["v3"]', "guard.protocols names 'v3'", "v2"),
        ('protocols = "v2"', "guard.protocols is no list", ""),
        ('body_bytes = "8 XiB"', "guard.body_bytes", "MiB"),
        ("body_bytes = -1", "guard.body_bytes", "MiB"),
        ("clients = true", "guard.clients is True", "whole number"),
        ("clients = 1.5", "guard.clients is 1.5", "whole number"),
        ("identity = 1", "guard.identity is no table", ""),
        ('[identity]\nordr = ["key"]', "guard.identity.ordr is no key", "order"),
        ('[identity]\norder = ["keys"]', "guard.identity.order names 'keys'", "'key'"),
        ('[identity]\ntrusted_proxies = ["all"]', "guard.identity.trusted_proxies names 'all'", "10.0.0.0/8"),
        ('[identity]\nknown_keys = { a = "plain-key" }', "guard.identity.known_keys.a is no SHA-256", "sha256sum"),
        ("[identity.jwt]", "guard.identity.jwt names no keys", "keys"),
        ('[identity.jwt]\nkeys = "k"\nalgorithms = ["none"]', "guard.identity.jwt.algorithms names 'none'", "RS256"),
        ("[limits.each]\nrows = 5", "guard.limits.each.rows is no key", "rows_per"),
        ("[limits.each]\nburst = 5", "guard.limits.each.burst is of no use", ""),
        ("[limits.each]\nrows_per_second = -5", "guard.limits.each.rows_per_second is -5", ""),
        ('[limits.clients."key:a"]\nx = 1', "guard.limits.clients.key:a.x is no key", ""),
        ("[limits.clients]\na = 1", "guard.limits.clients.a is no table", ""),
        ("[models.m]\n[limits.models.n]\nconcurrent = 1", "guard.limits.models.n is no model", "m"),
        ('[detectors."evasion/walk"]', "guard.detectors.evasion/walk is no detector", "'evasion/walks'"),
        ('[detectors."evasion/walks"]\noptions = { x = 1 }', "options.x is no option", "window"),
        ('[detectors."evasion/walks"]\noptions = { window = [] }', "options.window is no number", ""),
        ('[detectors."evasion/walks"]\nthreshold = "high"', "threshold is 'high'", ""),
        ('[responses.by_detector]\n"x/*" = {}', "by_detector.x/* fits no detector", ""),
        ('[responses.by_detector]\n"denial/costs" = {}', "is no detector", "'denial/cost'"),
        ("[responses.by_severity]\nhuge = {}", "by_severity.huge cannot be used", ""),
        ('[responses]\notherwise = { response = "block" }', "guard.responses.otherwise.response is 'block'", ""),
        ('[responses]\notherwise = { for = "10 weeks" }', "guard.responses.otherwise.for is '10 weeks'", "10m"),
        ("[responses]\notherwise = { for = 0 }", "guard.responses.otherwise.for is 0", "10m"),
        ('[responses]\notherwise = { response = "shadow" }', "there is none", "guard.decoy"),
        ("[responses]\nchallenge_status = 418", "challenge_status is 418", "402 or 429"),
        ("[responses]\nslow_seconds = 600", "slow_seconds is 600", "30"),
        ('[redaction]\npatterns = ["("]', "is no regular expression", ""),
        ('[redaction]\npaths = ["$.["]', "is no path", "$.predictions"),
        ("[redaction]\ncolumns = [1.5]", "columns is no list", ""),
        ('[spool]\nsample = "all"', "guard.spool.sample is 'all'", ""),
        ('[sharing]\naddress = "http://x"', "guard.sharing.address begins with 'http'", "redis://"),
        ('[[templates]]\nrows = "$"', "guard.templates[0].path is missing", ""),
        ('[[templates]]\npath = "/a"', "guard.templates[0] cannot be used", "rows"),
        ('[[templates]]\npath = "/a"\nrows = "$.["', "guard.templates[0] cannot be used", ""),
        ("templates = 1", "guard.templates is no list of tables", ""),
        ("routes = [1]", "guard.routes is no list of tables", ""),
    ],
)
def test_mistakes(text: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert what in caught.value.what
    assert caught.value.what.startswith("guard.toml: guard")
    assert hint in caught.value.hint


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.toml"
    own.write_text('mode = "enforce"\n[spool]\ndirectory = "s"')
    found = load_policy(str(own), environment={})
    assert (found.mode, found.spool.directory, found.origin) == ("enforce", str(tmp_path / "s"), str(own))
    own.write_text('[guard]\nmode = "enforce"')
    assert load_policy(str(own), environment={}).mode == "enforce"
    violet = tmp_path / "violet.toml"
    violet.write_text('[scan]\njobs = 1\n[guard]\nmodel = "m"')
    assert load_policy(environment={}).model == "m"
    assert load_policy(str(violet), environment={}).model == "m"
    assert load_policy(config=str(violet), environment={}).model == "m"
    assert load_policy(isolated=True, environment={}).model == ""
    violet.write_text("[scan]\njobs = 1")
    assert load_policy(str(violet), environment={}).model == ""
    violet.unlink()
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.violet.guard]\nmodel = "p"')
    assert load_policy(environment={}).model == load_policy(str(project), environment={}).model == "p"
    for content, what in (("[guard", "not valid TOML"), ("x" * (2 << 20), "larger than")):
        own.write_text(content)
        with pytest.raises(ConfigurationError, match=what):
            load_policy(str(own))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_policy(str(tmp_path / "missing.toml"))


def test_the_environment_goes_over_the_file() -> None:
    environment = {"VIOLET_GUARD_MODE": "enforce", "VIOLET_GUARD_SHARING_ADDRESS": "redis://:secret@x"}
    found = read('mode = "observe"\n[sharing]\nname = "n"', environment=environment)
    assert (found.mode, found.sharing) == ("enforce", SharingPolicy("redis://:secret@x", "n"))
    with pytest.raises(ConfigurationError, match=r"guard\.mode is 'x'"):
        read("", environment={"VIOLET_GUARD_MODE": "x"})


def test_installed_detectors_are_known() -> None:
    with pytest.raises(ConfigurationError, match="is no detector"):
        read_policy({"detectors": {"none/such": {}}}, "guard.toml", {})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        sorted({key for keys in policy_keys.TABLES.values() for key in keys} | {"a"})), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(policy_keys.GUARD)), VALUES, max_size=4))
def test_whatever_stands_there_is_read_or_refused(table: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigurationError):
        assert isinstance(read_policy(table, "guard.toml", {}, KNOWN), GuardPolicy)


def test_the_page_says_all_keys() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert policy_keys.reference() in page, "write it anew: violet.services.guarding.policy_keys.reference()"
    assert all(f"`{name}`" in page for name in policy_keys.ENVIRONMENT)
    assert {field.name for field in fields(GuardPolicy)} - {"origin"} == set(policy_keys.GUARD)


def test_the_example_of_the_page_is_a_policy(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "guard.toml"
    path.write_text(example)
    found = load_policy(str(path), environment={})
    assert found.limits.clients["key:nightly-batch"].rows_per_second == 5000
    assert found.responses.by_severity[Severity.MEDIUM] == Reaction(Response.SLOW, 600)


@pytest.mark.parametrize(("said", "kinds"), [(PROXY, (Timeouts(), Limits())), (SERVER, (ServerLimits(),))])
def test_the_defaults_that_are_told_are_in_force(said: dict[str, str], kinds: tuple[Any, ...]) -> None:
    units = {"": 1, " MiB": 1 << 20, " GiB": 1 << 30}
    for name, text in said.items():
        (number, unit), *more = re.findall(r"\(default: ([\d.]+)( [MG]iB)?\)", text)
        assert not more
        assert [getattr(kind, name) for kind in kinds if hasattr(kind, name)] == [float(number) * units[unit]], name


@pytest.mark.parametrize(
    ("parse", "table", "said"),
    [
        (parse_proxy, {"conect": 1}, "Did you mean connect?"),
        (parse_proxy, {"connect": -1}, "guard.proxy.connect is -1"),
        (parse_proxy, {"headers": 1.5}, "guard.proxy.headers is 1.5"),
        (parse_proxy, {"requests": 0}, "guard.proxy.requests is 0"),
        (parse_proxy, {"total": math.nan}, "guard.proxy.total is nan"),
        (parse_server, {"head_seconds": 0}, "guard.server.head_seconds is 0"),
        (parse_server, {"upgrades": ["h2c"]}, "guard.server.upgrades is no key here"),
        (parse_server, [], "guard.server is no table"),
    ],
)
def test_what_the_proxy_is_told_wrongly(parse: Callable[[Any, str], Any], table: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(table, "guard.toml")
    assert said in f"{caught.value} {caught.value.hint}"
