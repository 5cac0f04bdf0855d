"""Every key of the guard's policy, table by table, with what it means: for reading it, and for the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from violet.runtime.proxy.settings import PROXY, SERVER

GUARD = {
    "mode": "`observe`: look, alert, and let everything pass (the default); `enforce`: do what is ruled",
    "on_error": "what cannot be judged is passed on (`open`, the default) or refused (`closed`)",
    "unknown": "requests that are no predictions are passed on (`pass`, the default) or refused (`refuse`)",
    "upstream": "where the model is: a URL with `http`, `https` or `unix`",
    "decoy": "where a decoy is that answers shadowed clients in the model's place",
    "model": "what traffic belongs to that does not name a model",
    "protocols": "which protocols are watched for (default: all: `v2`, `mlflow`, `tf-serving`, `torchserve`, `openai`)",
    "body_bytes": "the most of a prediction's body, and of an answer that is looked at (default: `8 MiB`)",
    "clients": "clients whose behaviour is remembered (default: 10000)",
    "spare": "ids of clients against whom nothing is ever ruled, such as health probes",
    "identity": "how callers are told apart",
    "limits": "how much may be asked",
    "detectors": "what differs from the detectors' own settings",
    "responses": "what is done about alerts",
    "redaction": "what never reaches a disk",
    "spool": "which exchanges are kept",
    "sharing": "how several guards are one",
    "models": "each model's profile, calibration and schema",
    "templates": "JSON that no protocol describes",
    "routes": "where alerts go: [route alerts](route-alerts.md)",
    "alerts": "when alerts belong together: [route alerts](route-alerts.md)",
    "tracing": "where traces of OpenTelemetry go: [route alerts](route-alerts.md)",
    "proxy": "how long the model is waited for, and how much is taken on at once",
    "server": "what a caller may cost: heads, slow bodies, connections",
}
IDENTITY = {
    "order": "which comes first (default: `mtls`, `jwt`, `key`, `header`, `address`); what is not named is not"
    " looked at, and the address is what is left",
    "key_headers": "headers that hold an API key (default: `authorization`, `x-api-key`, `api-key`)",
    "known_keys": "a table of names and the SHA-256 of their keys; where there is one, other keys do not count",
    "header": "a header in which a proxy says who calls",
    "trusted_proxies": "addresses, networks (`unix`: a Unix socket) whose `header` and `X-Forwarded-For` are believed",
    "v4_prefix": "bits of an IPv4 address that are one caller (default: 32)",
    "v6_prefix": "bits of an IPv6 address that are one caller (default: 64)",
    "secret": "a file with the key of the hashes that stand for API keys (default: one in the state directory);"
    " replicas share it",
    "remembered": "header values whose callers are known without another look (default: 10000)",
    "jwt": "JSON Web Tokens, see below",
}
JWT = {
    "keys": "a file: a JSON Web Key Set, or public keys in PEM",
    "secret": "a file with the shared secret of HS256 and its kin, 32 bytes or more",
    "issuer": "who must have issued a token",
    "audience": "whom a token must be for",
    "claim": "the claim that names the caller (default: `sub`)",
    "algorithms": "those that are accepted (default: all that fit the keys; never `none`)",
    "leeway_seconds": "how far clocks may differ (default: 60)",
    "header": "where tokens are (default: `authorization`)",
    "unverified_claims_that_anybody_could_write": "believe claims without a look at the signature (default: false)",
}
LIMITS = {
    "each": "a quota for every client that is not named",
    "clients": "quotas by client id",
    "models": "quotas by model, for all clients together",
    "remembered": "clients that have an account (default: 100000)",
}
QUOTA = {
    "rows_per_second": "rows, on average",
    "burst": "rows that may come at once (default: ten seconds' worth)",
    "rows_per_day": "rows in 24 hours from the first",
    "rows_per_request": "rows of one request",
    "bytes_per_second": "bytes of requests, on average",
    "tokens_per_minute": "tokens of language models, charged when the answer is there",
    "tokens_per_day": "the same in 24 hours",
    "concurrent": "requests under way",
}
DETECTOR = {
    "on": "`true` or `false`",
    "threshold": "instead of the calibrated one, in the detector's unit",
    "options": "a table of the detector's own options: `violet guard detectors`",
}
RESPONSES = {
    "by_detector": 'reactions by detector, such as `"evasion/walks"`, or pattern, such as `"evasion/*"`',
    "by_severity": "reactions by severity: `low`, `medium`, `high`, `critical`",
    "otherwise": "the reaction to everything else (default: what the detector proposes, for 10 minutes)",
    "strongest": "the most that is ever done by itself (default: `quarantine`)",
    "digits": "digits after the point of rounded scores (default: 1)",
    "noise": "by how much scores are moved at most (default: 0.05)",
    "slow_seconds": "the longest that a slowed request waits (default: 2)",
    "challenge_status": "402 or 429 (the default)",
    "challenge_seconds": "how long a challenged caller is asked to wait (default: 60)",
    "contact": "whom a refused caller may ask; it is in the answer",
}
REACTION = {
    "response": "`allow`, `label`, `round`, `noise`, `slow`, `challenge`, `shadow`, `refuse` or `quarantine`"
    " (default: what the detector proposes)",
    "for": "how long: seconds, or a text such as `10m`, `2h`, `7d`, `forever` (default: `10m`)",
}
REDACTION = {
    "columns": "columns of rows, by name or number from 0",
    "paths": "places in bodies, such as `$.customer.name`",
    "patterns": "regular expressions for what is taken out of texts",
    "how": "`drop` (the default) or `hash`, which keeps equal things equal",
    "clients": "hash ids and addresses of clients, too (default: false)",
}
SPOOL = {
    "directory": "where exchanges are kept (default: nowhere)",
    "sample": "the share of exchanges that is (default: 1)",
    "bodies": "keep bodies as they came, too (default: false)",
    "most_bytes": "of the whole spool; the oldest go first (default: `1 GiB`)",
    "segment_bytes": "of one file (default: `64 MiB`)",
    "days": "after which they go in any case (default: 30)",
}
SHARING = {
    "address": "`redis://HOST:PORT/DB`, `rediss://...`, `unix:///PATH`, or a directory (default: the guard is alone)",
    "name": "tells one fleet of guards from others on the same server (default: `violet`)",
    "every_seconds": "how often (default: 1)",
}
MODEL = {
    "profile": "what its benign traffic is like: made by `violet profile`",
    "calibration": "its thresholds: made by `violet guard calibrate`",
    "schema": "what its columns may hold: [describe a table](describe-a-table.md)",
    "upstream": "where it is, where that is not where all are",
    "decoy": "where its decoy is",
    "ask": "its own endpoint, for detectors that ask the model beside the traffic",
}
TEMPLATE = {
    "path": "paths it is for, such as `/score/*` (`*` is one segment, `**` any number)",
    "rows": "where rows are in a request, such as `$.applicants[*].features`",
    "form": "`rows` (the default), `row` (a single one), or `columns` (an object of lists)",
    "texts": "where texts are, instead of rows",
    "scores": "where scores are in an answer",
    "labels": "where labels are",
    "names": "names of the columns, where the JSON has none",
    "model": "what the model is called",
    "model_at": "where a request says so",
    "stream_at": "where a request says that it wants its answer in pieces",
    "method": "the method (default: `POST`)",
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "guard": GUARD,
    "guard.identity": IDENTITY,
    "guard.identity.jwt": JWT,
    "guard.limits": LIMITS,
    "guard.limits.each": QUOTA,
    "guard.detectors.ID": DETECTOR,
    "guard.responses": RESPONSES,
    "guard.responses.by_detector.ID": REACTION,
    "guard.redaction": REDACTION,
    "guard.spool": SPOOL,
    "guard.sharing": SHARING,
    "guard.models.NAME": MODEL,
    "guard.templates": TEMPLATE,
    "guard.proxy": PROXY,
    "guard.server": SERVER,
}
TITLES: Mapping[str, str] = {
    "guard": "`[guard]`",
    "guard.identity": "`[guard.identity]`",
    "guard.identity.jwt": "`[guard.identity.jwt]`",
    "guard.limits": "`[guard.limits]`",
    "guard.limits.each": '`[guard.limits.each]`, `[guard.limits.clients."ID"]`, `[guard.limits.models.NAME]`',
    "guard.detectors.ID": '`[guard.detectors."FAMILY/NAME"]`',
    "guard.responses": "`[guard.responses]`",
    "guard.responses.by_detector.ID": "Reactions",
    "guard.redaction": "`[guard.redaction]`",
    "guard.spool": "`[guard.spool]`",
    "guard.sharing": "`[guard.sharing]`",
    "guard.models.NAME": "`[guard.models.NAME]`",
    "guard.templates": "`[[guard.templates]]`",
    "guard.proxy": "`[guard.proxy]`",
    "guard.server": "`[guard.server]`",
}
ENVIRONMENT: Mapping[str, tuple[str, str]] = {
    "VIOLET_GUARD_MODE": ("", "mode"),
    "VIOLET_GUARD_UPSTREAM": ("", "upstream"),
    "VIOLET_GUARD_DECOY": ("", "decoy"),
    "VIOLET_GUARD_SHARING_ADDRESS": ("sharing", "address"),
}
"""What the environment says over the file: addresses, which differ from place to place and may hold a password."""


def reference() -> str:
    """All keys as Markdown."""
    parts = []
    for name, keys in TABLES.items():
        rows = "\n".join(f"| `{key}` | {text.replace('|', chr(92) + '|')} |" for key, text in keys.items())
        parts.append(f"### {TITLES[name]}\n\n| key | what |\n|---|---|\n{rows}\n")
    return "\n".join(parts)
