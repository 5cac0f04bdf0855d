"""What secrets look like.

Sources: the documentation of each service on the form of its keys; GitHub's "Behind GitHub's new authentication
token formats" (prefix and CRC-32 check); RFC 7519 (JWT); RFC 7468 (PEM).
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from violet.domain import Severity

HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of secret: ``hints`` are texts without which ``pattern`` cannot match; the secret is the
    group ``s`` of the pattern; ``accept`` tells a real one from a look-alike."""

    name: str
    title: str
    severity: Severity
    hints: tuple[str, ...]
    pattern: str
    accept: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Secret:
    kind: Kind
    text: str
    start: int


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def _random(bits: float) -> Callable[[str], bool]:
    def accept(text: str) -> bool:
        return entropy(text) >= bits and not _is_placeholder(text)

    return accept


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(
        r"abcdefgh|ABCDEFGH|(?i:x{4,}|\*{3,}|\.{3,}|0{6,}|1234567890|abcdef12|example|placeholder|changeme|change_me"
        r"|your[_-]?|dummy|sample|fake|insert|replace|redacted|<[^>]*>|\$\{|\{\{|%\(|todo|deadbeef|foobar|notreal"
        r"|testtest|qwerty|aaaa)"
    )


def _is_placeholder(text: str) -> bool:
    return _placeholder().search(text) is not None


def _github(text: str) -> bool:
    """The last six characters are the CRC-32 of the rest in base 62."""
    if _is_placeholder(text):
        return False
    body = text[4:]
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, digits = zlib.crc32(body[:-6].encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = alphabet[rest] + digits
    return digits.rjust(6, "0") == body[-6:] or entropy(body) > 4.2


def _aws(text: str) -> bool:
    return "EXAMPLE" not in text and entropy(text[4:]) > 2.8 and not _is_placeholder(text)


def _pem(text: str) -> bool:
    body = re.sub(r"-----[^-]+-----|\\n|\s|Proc-Type:.*|DEK-Info:.*", "", text)
    return len(body) >= 64 and entropy(body) > 4.5 and not re.search(r"\.{3}|example|EXAMPLE|<|xxxx", body)


def _jwt(text: str) -> bool:
    import base64
    import json

    head, payload, _ = text.split(".", 2)
    try:
        first = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        second = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return False
    # the token that jwt.io shows stands in a great many documents
    return isinstance(first, dict) and "alg" in first and isinstance(second, dict) and second.get("name") != "John Doe"


def _database(text: str) -> bool:
    match = re.match(r"[^:]+://([^:/@\s]*):([^@/\s]+)@([^/\s:?]+)", text)
    if match is None:
        return False
    user, password, host = match.groups()
    common = (
        "password",
        "pass",
        "passwd",
        "pwd",
        "secret",
        "postgres",
        "root",
        "admin",
        "user",
        "test",
        "mysql",
        "guest",
    )
    if password.lower() in common or password == user or password[0] in "<$%{[*" or _is_placeholder(password):
        return False
    usual = ("localhost", "host", "hostname", "server", "db", "database", "postgres", "mysql", "redis", "mongo", "ip")
    return host not in usual and not host.startswith(("127.", "example.", "<", "$", "{"))


def _assigned(text: str) -> bool:
    if len(text) < 10 or _is_placeholder(text) or text[0] in "$%{<[(" or " " in text:
        return False
    kinds = sum(map(bool, (re.search("[a-z]", text), re.search("[A-Z]", text), re.search(r"\d", text))))
    return (
        kinds == 3 and entropy(text) >= 3.6 and not re.fullmatch(r"[A-Za-z_.]+\d?|[\w.]+\([^)]*\)?|https?://.*", text)
    )


def _always(text: str) -> bool:
    return not _is_placeholder(text)


@cache
def kinds() -> tuple[Kind, ...]:
    b = r"(?<![A-Za-z0-9_/+-])"
    e = r"(?![A-Za-z0-9_-])"
    return (
        Kind("private-key", "a private key", HIGH, ("PRIVATE KEY",),
             r"(?P<s>-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----"
             r"[\s\S]{40,8000}?-----END [A-Z ]*PRIVATE KEY)", _pem),
        Kind("aws-key", "an AWS access key id", HIGH, ("AKIA", "ASIA"), rf"{b}(?P<s>A[KS]IA[A-Z2-7]{{16}}){e}", _aws),
        Kind("aws-secret", "an AWS secret access key", HIGH,
             ("aws_secret", "AWS_SECRET", "secretAccessKey", "SecretAccessKey"),
             r"(?i:aws_?secret_?(?:access_?)?key|secretaccesskey)[\"']?\s*[:=]\s*[\"']?"
             r"(?P<s>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", _random(4.0)),
        Kind("google-key", "a Google API key", HIGH, ("AIza",), rf"{b}(?P<s>AIza[0-9A-Za-z_-]{{35}}){e}", _random(4.0)),
        Kind("google-oauth", "a Google OAuth secret", HIGH, ("GOCSPX-",),
             rf"{b}(?P<s>GOCSPX-[\w-]{{28}}){e}", _random(3.5)),
        Kind("azure-key", "an Azure storage key", HIGH, ("AccountKey=",),
             r"AccountKey=(?P<s>[A-Za-z0-9+/]{86}==)", _random(4.5)),
        Kind("github-token", "a GitHub token", HIGH, ("gh",),
             rf"(?P<s>gh[pousr]_(?<!\wgh[pousr]_)[A-Za-z0-9]{{36}}){e}", _github),
        Kind("github-fine", "a GitHub token", HIGH, ("github_pat_",),
             rf"{b}(?P<s>github_pat_[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}){e}", _random(4.0)),
        Kind("gitlab-token", "a GitLab token", HIGH, ("glpat-",), rf"{b}(?P<s>glpat-[\w-]{{20,60}}){e}", _random(3.4)),
        Kind("huggingface-token", "a Hugging Face token", HIGH, ("hf_", "api_org_"),
             rf"{b}(?P<s>(?:hf|api_org)_[A-Za-z0-9]{{34}}){e}", _random(3.6)),
        Kind("anthropic-key", "an Anthropic API key", HIGH, ("sk-ant-",),
             rf"{b}(?P<s>sk-ant-[a-z]+\d+-[\w-]{{80,120}}){e}", _random(4.2)),
        Kind("openai-key", "an OpenAI API key", HIGH, ("T3BlbkFJ",),
             rf"{b}(?P<s>sk-(?:proj-|svcacct-|admin-)?[\w-]{{0,90}}T3BlbkFJ[\w-]{{20,90}}){e}", _random(4.0)),
        Kind("openai-key-like", "an API key", MEDIUM, ("sk-",),
             rf"{b}(?P<s>sk-(?:proj-|or-v1-)?[A-Za-z0-9]{{32,64}}){e}",
             _random(4.3)),
        Kind("slack-token", "a Slack token", HIGH, ("xox", "xapp-"),
             rf"{b}(?P<s>xox[baprs]-\d{{8,}}-[\w-]{{10,}}|xapp-\d-[\w-]{{20,}}){e}", _random(3.0)),
        Kind("slack-hook", "a Slack webhook", MEDIUM, ("hooks.slack.com",),
             r"(?P<s>https://hooks\.slack\.com/services/T[\w]{8,}/B[\w]{8,}/[\w]{20,})", _random(3.5)),
        Kind("stripe-key", "a Stripe live key", HIGH, ("sk_live_", "rk_live_"),
             rf"{b}(?P<s>[sr]k_live_[A-Za-z0-9]{{20,110}}){e}", _random(3.5)),
        Kind("pypi-token", "a PyPI token", HIGH, ("pypi-AgEI",), rf"{b}(?P<s>pypi-AgEI[\w-]{{50,}}){e}", _random(4.0)),
        Kind("npm-token", "an npm token", HIGH, ("npm_",), rf"{b}(?P<s>npm_[A-Za-z0-9]{{36}}){e}", _random(4.0)),
        Kind("wandb-key", "a Weights & Biases key", MEDIUM, ("WANDB_API_KEY", "wandb.login"),
             r"(?:WANDB_API_KEY[\"'\]]*\s*[:=,]\s*|wandb\.login\(\s*key\s*=\s*)[\"']?(?P<s>[0-9a-f]{40})\b",
             _random(3.0)),
        Kind("sendgrid-key", "a SendGrid key", HIGH, ("SG.",),
             rf"{b}(?P<s>SG\.[\w-]{{22}}\.[\w-]{{43}}){e}", _random(4.2)),
        Kind("telegram-token", "a Telegram bot token", MEDIUM, (":AA",),
             rf"{b}(?P<s>\d{{8,10}}:AA[\w-]{{33}}){e}", _random(4.0)),
        Kind("discord-hook", "a Discord webhook", MEDIUM, ("/api/webhooks/",),
             r"(?P<s>https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{50,})", _random(4.0)),
        Kind("databricks-token", "a Databricks token", HIGH, ("dapi",),
             rf"{b}(?P<s>dapi[0-9a-f]{{32}}(?:-\d)?){e}", _random(3.3)),
        Kind("jwt", "a JSON Web Token", LOW, ("eyJ",),
             rf"{b}(?P<s>eyJ[\w-]{{10,2000}}\.eyJ[\w-]{{10,4000}}\.[\w-]{{20,1000}}){e}", _jwt),
        Kind("database-url", "a database address with its password", MEDIUM,
             ("postgres", "mysql", "mongodb", "redis", "amqp", "mssql", "mariadb", "cockroach"),
             r"(?P<s>(?:postgres(?:ql)?|mysql|mongodb|rediss?|amqps?|mssql|mariadb|cockroachdb)(?:\+\w+)?://"
             r"[^:/@\s\"']{0,80}:[^@/\s\"']{3,200}@[^/\s\"'?]{3,200})", _database),
        Kind("basic-auth", "an address with a password", LOW, ("https://",),
             r"(?P<s>https://[\w.+-]{1,60}:[A-Za-z0-9_.~-]{16,200}@[\w.-]{4,100})", _random(3.8)),
        Kind("assigned", "a password or key", LOW,
             ("assword", "ecret", "oken", "pi_key", "PI_KEY", "piKey", "asswd", "ASSWORD", "ECRET", "OKEN"),
             r"(?:[Pp]assword|PASSWORD|[Pp]asswd|PASSWD|[Ss]ecret|SECRET|[Aa][Pp][Ii]_?[Kk][Ee][Yy]|[Tt]oken|TOKEN)"
             r"\w{0,12}[\"']?\s*(?::|=(?!=)|=>)\s*[\"'](?P<s>[^\"'\s]{10,200})[\"']", _assigned),
    )  # fmt: skip


@cache
def _compiled() -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(kind.pattern)) for kind in kinds())


def secrets_in(text: str) -> Iterator[Secret]:
    """Every secret of a text, the more telling kinds first."""
    taken: set[tuple[int, int]] = set()
    for kind, pattern in _compiled():
        if not any(hint in text for hint in kind.hints):
            continue
        count = 0
        for match in pattern.finditer(text):
            count += 1
            if count > 2_000:
                break
            secret = match.group("s")
            span = match.span("s")
            if any(start < span[1] and span[0] < end for start, end in taken) or not kind.accept(secret):
                continue
            taken.add(span)
            yield Secret(kind, secret, span[0])


def redacted(secret: Secret) -> str:
    """The first four and last two characters; of a key block only its kind."""
    text = secret.text
    if text.startswith("-----"):
        return text.split("\n")[0][:60].split("-----")[1].join(("-----", "----- ..."))
    if "://" in text:
        scheme, _, rest = text.partition("://")
        _, _, host = rest.rpartition("@")
        return f"{scheme}://***@{host[:60]}" if host != rest else f"{text[:28]}..."
    return f"{text[:4]}...{text[-2:]}"
