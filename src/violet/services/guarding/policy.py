"""The guard's policy, read from the table ``[guard]`` of ``violet.toml`` or from a file of its own.

Every mistake is an error that names the file, the table and the key; what is not known is answered with what may have
been meant. With no file at all the defaults hold: everything is looked at, and everything passes.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from violet.domain.alert import Response
from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guarding import (
    DetectorPolicy,
    GuardPolicy,
    IdentityPolicy,
    JwtPolicy,
    LimitPolicy,
    Mode,
    ModelPolicy,
    OnError,
    Quota,
    Reaction,
    RedactionPolicy,
    ResponsePolicy,
    SharingPolicy,
    SpoolPolicy,
    TemplatePolicy,
    Unknown,
)
from violet.domain.outcome import Severity
from violet.domain.traffic import Identification
from violet.runtime.networks import trusted
from violet.services.guarding import policy_keys as keys
from violet.services.guarding.policy_reader import MOST, GuardTable

LARGEST = 1 << 20
"""Bytes of a file that are read."""
PATTERN = 500
"""Characters of a regular expression."""


def load_policy(
    policy: str = "", config: str = "", *, isolated: bool = False, environment: Mapping[str, str] | None = None
) -> GuardPolicy:
    """That of the file ``policy``: its table ``[guard]``, or all of it where it has none; without one, the table
    ``[guard]`` of the configuration in force (``config``, or the nearest one); without that, the defaults. Raises
    ``ConfigurationError``."""
    from violet.services.configuration import FILE, PROJECT_FILE, load

    if policy:
        whole = _toml(policy)
        table = whole.get("guard", {} if os.path.basename(policy) == FILE else whole)
        if os.path.basename(policy) == PROJECT_FILE:
            table = whole.get("tool", {}).get("violet", {}).get("guard", {})
        return read_policy(table, policy, environment)
    configuration = load(file=config, isolated=isolated, environment=environment)
    return read_policy(configuration.guard or {}, configuration.file, environment)


def read_policy(
    table: Any,
    origin: str = "",
    environment: Mapping[str, str] | None = None,
    detectors: Mapping[str, Collection[str]] | None = None,
) -> GuardPolicy:
    """What a table says. ``origin`` is its file, where relative paths start. ``detectors`` are those there are, with
    their options (``None``: those installed). Raises ``ConfigurationError``."""
    environment = os.environ if environment is None else environment
    table, said_by = _with_environment(table, environment)
    read = GuardTable(table, origin or said_by or "the guard's policy", "guard", keys.GUARD, environment)
    default = GuardPolicy()
    found = GuardPolicy(
        mode=Mode(read.choice("mode", tuple(Mode), default.mode)),
        on_error=OnError(read.choice("on_error", tuple(OnError), default.on_error)),
        unknown=Unknown(read.choice("unknown", tuple(Unknown), default.unknown)),
        upstream=read.url("upstream"),
        decoy=read.url("decoy"),
        model=read.text("model"),
        protocols=_protocols(read, default.protocols),
        templates=_templates(read),
        body_bytes=read.size("body_bytes", default.body_bytes, 1 << 10, 1 << 30),
        clients=read.whole("clients", default.clients, 1, 10_000_000),
        spare=read.words("spare"),
        identity=_identity(read),
        limits=_limits(read),
        detectors=_detectors(read, detectors),
        responses=_responses(read, detectors),
        redaction=_redaction(read),
        spool=_spool(read),
        sharing=_sharing(read),
        models=_models(read),
        routes=_tables(read, "routes"),
        alerts=read.table("alerts"),
        tracing=read.table("tracing"),
        proxy=read.table("proxy"),
        server=read.table("server"),
        origin=origin,
    )
    _fits(read, found)
    return found


def _toml(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"The policy {path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"The policy {path} is larger than {LARGEST:,} bytes.")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error


def _with_environment(table: Any, environment: Mapping[str, str]) -> tuple[Any, str]:
    """The table with what the environment says over it, and the variable that does."""
    said = ""
    if not isinstance(table, Mapping):
        return table, said
    for variable, (inside, key) in keys.ENVIRONMENT.items():
        value = environment.get(variable)
        if not value:
            continue
        said = variable
        if inside:
            inner = table.get(inside, {})
            if isinstance(inner, Mapping):
                table = {**table, inside: {**inner, key: value}}
        else:
            table = {**table, key: value}
    return table, said


def _protocols(read: GuardTable, default: tuple[str, ...]) -> tuple[str, ...]:
    found = read.words("protocols", default)
    for name in found:
        if name not in (*default, "oip"):
            raise read.error("protocols", f"names {name!r}", _meant(name, default))
    return found


def _tables(read: GuardTable, key: str) -> tuple[Mapping[str, Any], ...]:
    value = read.values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise read.error(key, "is no list of tables", f"Write [[guard.{key}]] for each.")
    if len(value) > MOST:
        raise read.error(key, f"has more than {MOST:,} entries")
    return tuple(value)


def _templates(read: GuardTable) -> tuple[TemplatePolicy, ...]:
    found = []
    for place, table in enumerate(_tables(read, "templates")):
        one = read.entry(table, f"templates[{place}]", keys.TEMPLATE)
        default = TemplatePolicy("")
        texts = {
            field.name: one.text(field.name, getattr(default, field.name))
            for field in fields(TemplatePolicy)
            if field.name != "names"
        }
        if not texts["path"]:
            raise one.error("path", "is missing")
        template = TemplatePolicy(**texts, names=one.words("names"))
        _try_template(one, template)
        found.append(template)
    return tuple(found)


def _try_template(one: GuardTable, template: TemplatePolicy) -> None:
    """What is wrong with it is said now, and not when traffic comes."""
    from violet.domain.errors import VioletError
    from violet.runtime.wire.template import Places, Template

    try:
        Template(Places(**{field.name: getattr(template, field.name) for field in fields(TemplatePolicy)}))
    except VioletError as error:
        raise one.error("", f"cannot be used: {error.what.rstrip('.')}", error.hint) from error


def _identity(read: GuardTable) -> IdentityPolicy:
    one = read.inner("identity", keys.IDENTITY)
    default = IdentityPolicy()
    order = []
    for name in one.words("order", tuple(default.order)):
        if name not in tuple(Identification):
            raise one.error("order", f"names {name!r}", _meant(name, tuple(Identification)))
        order.append(Identification(name))
    for text in one.words("trusted_proxies"):
        try:
            trusted((text,))
        except ConfigurationError as error:
            raise one.error("trusted_proxies", f"names {text!r}", error.hint) from None
    known = {}
    for name, digest in one.table("known_keys").items():
        bare = digest.removeprefix("sha256:") if isinstance(digest, str) else ""
        if not re.fullmatch(r"[0-9a-fA-F]{64}", bare):
            raise one.error(f"known_keys.{name}", "is no SHA-256 in hexadecimal", "Make it: printf %s KEY | sha256sum")
        known[name] = bare
    return IdentityPolicy(
        order=tuple(order),
        key_headers=tuple(map(str.lower, one.words("key_headers", default.key_headers))),
        known_keys=known,
        header=one.text("header").lower(),
        trusted_proxies=one.words("trusted_proxies"),
        v4_prefix=one.whole("v4_prefix", default.v4_prefix, 8, 32),
        v6_prefix=one.whole("v6_prefix", default.v6_prefix, 16, 128),
        secret=one.path("secret"),
        jwt=_jwt(one) if "jwt" in one.values else None,
        remembered=one.whole("remembered", default.remembered, 1, 1_000_000),
    )


def _jwt(read: GuardTable) -> JwtPolicy:
    from violet.provenance.tokens import ALGORITHMS

    one = read.inner("jwt", keys.JWT)
    default = JwtPolicy()
    known = tuple(name for names in ALGORITHMS.values() for name in names)
    for name in one.words("algorithms"):
        if name not in known:
            raise one.error("algorithms", f"names {name!r}", _meant(name, known))
    found = JwtPolicy(
        keys=one.path("keys"),
        secret=one.path("secret"),
        issuer=one.text("issuer"),
        audience=one.text("audience"),
        claim=one.text("claim", default.claim),
        algorithms=one.words("algorithms"),
        leeway_seconds=one.between("leeway_seconds", default.leeway_seconds, 0, 3600),
        header=one.text("header", default.header).lower(),
        unverified_claims_that_anybody_could_write=one.flag("unverified_claims_that_anybody_could_write"),
    )
    if not (found.keys or found.secret or found.unverified_claims_that_anybody_could_write):
        raise one.error("", "names no keys, so that no token could be believed", "Say keys, or secret.")
    return found


def _limits(read: GuardTable) -> LimitPolicy:
    one = read.inner("limits", keys.LIMITS)
    return LimitPolicy(
        each=_quota(one.inner("each", keys.QUOTA)),
        clients={
            name: _quota(one.entry(table, f"clients.{name}", keys.QUOTA))
            for name, table in one.named("clients").items()
        },
        models={
            name: _quota(one.entry(table, f"models.{name}", keys.QUOTA)) for name, table in one.named("models").items()
        },
        remembered=one.whole("remembered", LimitPolicy().remembered, 1, 10_000_000),
    )


def _quota(one: GuardTable) -> Quota:
    found: dict[str, Any] = {}
    for field in fields(Quota):
        if isinstance(field.default, float):
            found[field.name] = one.between(field.name, 0.0, 0.0, 1e15)
        else:
            found[field.name] = one.whole(field.name, 0, 0, 10**15)
    if found["burst"] and not found["rows_per_second"]:
        raise one.error("burst", "is of no use without rows_per_second")
    return Quota(**found)


def _known_detectors(detectors: Mapping[str, Collection[str]] | None) -> Mapping[str, Collection[str]]:
    if detectors is not None:
        return detectors
    from violet.detectors.base import detectors as installed

    return {name: tuple(entry.facts.options) for name, entry in installed().items()}


def _detectors(read: GuardTable, detectors: Mapping[str, Collection[str]] | None) -> dict[str, DetectorPolicy]:
    named = read.named("detectors")
    found: dict[str, DetectorPolicy] = {}
    known = _known_detectors(detectors) if named else {}
    for name, table in named.items():
        if name not in known:
            raise read.error(f"detectors.{name}", "is no detector", _meant(name, tuple(known)))
        one = read.entry(table, f"detectors.{name}", keys.DETECTOR)
        for option, value in one.table("options").items():
            if option not in known[name]:
                raise one.error(f"options.{option}", "is no option of it", _meant(option, tuple(known[name])))
            if not isinstance(value, float | int | str | bool):
                raise one.error(f"options.{option}", "is no number, text or truth value")
        found[name] = DetectorPolicy(
            on=one.flag("on") if "on" in one.values else None,
            threshold=one.between("threshold", 0.0, -1e300, 1e300) if "threshold" in one.values else None,
            options=_with_paths(one.inner("options", dict.fromkeys(known[name], ""))),
        )
    return found


def _with_paths(options: GuardTable) -> dict[str, Any]:
    """Options, with a ``file`` found from where the policy is."""
    return {**options.values, **({"file": options.path("file")} if "file" in options.values else {})}


def _responses(read: GuardTable, detectors: Mapping[str, Collection[str]] | None) -> ResponsePolicy:
    one = read.inner("responses", keys.RESPONSES)
    default = ResponsePolicy()
    by_detector = one.named("by_detector")
    known = _known_detectors(detectors) if by_detector else {}
    for name in by_detector:
        if "*" not in name and name not in known:
            raise one.error(f"by_detector.{name}", "is no detector", _meant(name, tuple(known)))
        if "*" in name and not any(_matches(name, other) for other in known):
            raise one.error(f"by_detector.{name}", "fits no detector", _meant(name, tuple(known)))
    by_severity = {}
    for name, table in one.named("by_severity").items():
        try:
            severity = Severity.parse(name)
        except ValueError as error:
            raise one.error(f"by_severity.{name}", f"cannot be used: {error}") from error
        by_severity[severity] = _reaction(one.entry(table, f"by_severity.{name}", keys.REACTION))
    return ResponsePolicy(
        by_detector={
            name: _reaction(one.entry(table, f"by_detector.{name}", keys.REACTION))
            for name, table in by_detector.items()
        },
        by_severity=by_severity,
        otherwise=_reaction(one.inner("otherwise", keys.REACTION)),
        strongest=Response(one.choice("strongest", tuple(Response), default.strongest)),
        digits=one.whole("digits", default.digits, 0, 6),
        noise=one.between("noise", default.noise, 0.0, 0.5),
        slow_seconds=one.between("slow_seconds", default.slow_seconds, 0.0, 30.0),
        challenge_status=_status(one, default.challenge_status),
        challenge_seconds=one.between("challenge_seconds", default.challenge_seconds, 1.0, 86_400.0),
        contact=one.text("contact"),
    )


def _matches(pattern: str, name: str) -> bool:
    import fnmatch

    return fnmatch.fnmatchcase(name, pattern)


def _status(one: GuardTable, default: int) -> int:
    found = one.whole("challenge_status", default, 400, 499)
    if found not in (402, 429):
        raise one.error("challenge_status", f"is {found}", "Use 402 or 429.")
    return found


def _reaction(one: GuardTable) -> Reaction:
    response = Response(one.choice("response", tuple(Response), "")) if "response" in one.values else None
    return Reaction(response, one.seconds("for", Reaction().seconds))


def _redaction(read: GuardTable) -> RedactionPolicy:
    from violet.targets.json_path import parse_path

    one = read.inner("redaction", keys.REDACTION)
    columns = one.values.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(name, str | int) and name is not True for name in columns):
        raise one.error("columns", "is no list of names and numbers", 'Write columns = ["ssn", 4].')
    for path in one.words("paths"):
        try:
            parse_path(path)
        except UsageError as error:
            raise one.error("paths", f"has {path!r}, which is no path", error.hint) from error
    for pattern in one.words("patterns"):
        if len(pattern) > PATTERN:
            raise one.error("patterns", f"has one of more than {PATTERN} characters")
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise one.error("patterns", f"has {pattern!r}, which is no regular expression: {error}") from error
    return RedactionPolicy(
        columns=tuple(map(str, columns)),
        paths=one.words("paths"),
        patterns=one.words("patterns"),
        how=one.choice("how", ("drop", "hash"), "drop"),
        clients=one.flag("clients"),
    )


def _spool(read: GuardTable) -> SpoolPolicy:
    one = read.inner("spool", keys.SPOOL)
    default = SpoolPolicy()
    return SpoolPolicy(
        directory=one.path("directory"),
        sample=one.between("sample", default.sample, 0.0, 1.0),
        bodies=one.flag("bodies"),
        most_bytes=one.size("most_bytes", default.most_bytes, 1 << 20, 1 << 50),
        segment_bytes=one.size("segment_bytes", default.segment_bytes, 1 << 16, 1 << 40),
        days=one.between("days", default.days, 0.001, 36_500),
    )


def _sharing(read: GuardTable) -> SharingPolicy:
    one = read.inner("sharing", keys.SHARING)
    default = SharingPolicy()
    address = one.text("address")
    scheme, colon, _ = address.partition("://")
    if colon and scheme not in ("redis", "rediss", "unix", "valkey", "valkeys"):
        raise one.error("address", f"begins with {scheme!r}", "Write redis://HOST:PORT/DB, or a directory.")
    return SharingPolicy(
        address=address if colon else one.path("address"),
        name=one.text("name", default.name),
        every_seconds=one.between("every_seconds", default.every_seconds, 0.05, 60.0),
    )


def _models(read: GuardTable) -> dict[str, ModelPolicy]:
    found = {}
    for name, table in read.named("models").items():
        one = read.entry(table, f"models.{name}", keys.MODEL)
        found[name] = ModelPolicy(
            profile=one.path("profile"),
            calibration=one.path("calibration"),
            schema=one.path("schema"),
            upstream=one.url("upstream"),
            decoy=one.url("decoy"),
            ask=one.url("ask"),
        )
    return found


def _fits(read: GuardTable, policy: GuardPolicy) -> None:
    """What belongs together."""
    reactions = [
        policy.responses.otherwise,
        *policy.responses.by_detector.values(),
        *policy.responses.by_severity.values(),
    ]
    if any(one.response is Response.SHADOW for one in reactions):
        if not policy.decoy and not any(one.decoy for one in policy.models.values()):
            raise read.error("responses", "answers from a decoy, and there is none", "Say where it is: guard.decoy.")
    for name in policy.limits.models:
        if policy.models and name not in policy.models and name != policy.model:
            raise read.error(f"limits.models.{name}", "is no model", _meant(name, (*policy.models, policy.model)))


def _meant(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else f"There is {', '.join(filter(None, known)) or 'none'}."
