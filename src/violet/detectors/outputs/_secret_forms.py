"""What secrets in answers look like. Every expression begins with the fixed text that it is looked for by, and is
bounded: linear on any text.

Sources: what the services say of the form of their keys; GitHub, "Behind GitHub's new authentication token formats"
(a CRC-32 in base 62 at the end); RFC 7519 (JSON Web Tokens); RFC 7468 (textual encodings of keys).
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST = 200
"""Places of one kind that are looked at in a text."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MADE_UP = re.compile(
    r"xxxx|\*\*\*\*|\.\.\.|0{8}|1234567890|abcdefgh|example|placeholder|changeme|your[_-]|dummy|redacted|insert",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Form:
    """``sure`` says whether a text of this form is certainly one (``True``), one that looks like it (``False``), or
    none (``None``)."""

    name: str
    hint: str
    pattern: re.Pattern[str]
    sure: Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Found:
    """``text`` is the secret itself: never to be said."""

    name: str
    text: str
    certain: bool


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def base62_crc(body: str) -> str:
    """Six characters, as GitHub ends its tokens."""
    number, said = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        said = _DIGITS[rest] + said
    return said.rjust(6, "0")


def _random(bits: float, certain: bool = True) -> Callable[[str], bool | None]:
    def sure(text: str) -> bool | None:
        return None if entropy(text) < bits or _MADE_UP.search(text) else certain

    return sure


def _checked(text: str) -> bool | None:
    """The last six characters are the CRC-32 of the 30 before."""
    body = text.rpartition("_")[2]
    if base62_crc(body[:-6]) == body[-6:]:
        return True
    return None if entropy(body) < 4.2 or _MADE_UP.search(text) else False


def _jwt(text: str) -> bool | None:
    head, payload, _ = text.split(".", 2)
    try:
        first, second = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, payload)
        )
    except (ValueError, RecursionError):
        return None
    if not isinstance(first, dict) or "alg" not in first or not isinstance(second, dict):
        return None
    # What jwt.io shows stands in a great many texts.
    return None if second.get("name") == "John Doe" else True


def _pem(text: str) -> bool | None:
    body = "".join(line for line in text.splitlines()[1:] if ":" not in line and "-----" not in line)
    return True if len(body) >= 64 and entropy(body) > 4.5 and not _MADE_UP.search(body[:400]) else None


def _form(name: str, hint: str, rest: str, sure: Callable[[str], bool | None]) -> Form:
    known = re.escape(hint)
    if hint.startswith("-----"):
        return Form(name, hint, re.compile(known + rest), sure)
    # What stands before it is looked at behind the fixed text, which the search goes by.
    alone = rf"{known}(?<![A-Za-z0-9_-]{known})"
    return Form(name, hint, re.compile(rf"{alone}{rest}(?![A-Za-z0-9_-])", re.ASCII), sure)


_PEM = r"(?:[^-]|-(?!----)){40,8000}"
FORMS = (
    *(
        _form("a private key", f"-----BEGIN {kind}PRIVATE KEY-----", _PEM, _pem)
        for kind in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")
    ),
    _form("a PGP private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----", _PEM, _pem),
    *(_form("a GitHub token", f"gh{kind}_", r"[A-Za-z0-9]{36}", _checked) for kind in "pousr"),
    _form("a GitHub token", "github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", _random(4.0)),
    _form("an npm token", "npm_", r"[A-Za-z0-9]{36}", _checked),
    _form("an AWS access key id", "AKIA", r"[A-Z2-7]{16}", _random(3.0, certain=False)),
    _form("an AWS access key id", "ASIA", r"[A-Z2-7]{16}", _random(3.0, certain=False)),
    _form("a Google API key", "AIza", r"[0-9A-Za-z_-]{35}", _random(4.0)),
    _form("a GitLab token", "glpat-", r"[\w-]{20,60}", _random(3.6)),
    _form("a Hugging Face token", "hf_", r"[A-Za-z0-9]{34}", _random(3.8)),
    _form("an Anthropic API key", "sk-ant-", r"[a-z]{2,8}\d{2}-[\w-]{80,120}", _random(4.2)),
    _form("an OpenAI API key", "sk-proj-", r"[\w-]{20,180}", _random(4.2)),
    _form("an API key", "sk-", r"[A-Za-z0-9]{40,64}", _random(4.3, certain=False)),
    _form("a Slack token", "xoxb-", r"\d{8,15}-[\w-]{10,80}", _random(3.4)),
    _form("a Slack token", "xoxp-", r"\d{8,15}-[\w-]{10,80}", _random(3.4)),
    _form("a Stripe live key", "sk_live_", r"[A-Za-z0-9]{20,110}", _random(3.6)),
    _form("a Stripe live key", "rk_live_", r"[A-Za-z0-9]{20,110}", _random(3.6)),
    _form("a SendGrid key", "SG.", r"[\w-]{22}\.[\w-]{43}", _random(4.2)),
    _form("a PyPI token", "pypi-AgEI", r"[\w-]{50,300}", _random(4.0)),
    _form("a JSON Web Token", "eyJ", r"[\w-]{10,2000}+\.eyJ[\w-]{10,4000}+\.[\w-]{20,1000}", _jwt),
    _form("an Azure storage key", "AccountKey=", r"[A-Za-z0-9+/]{86}==", _random(4.5)),
)


def secrets_in(text: str) -> Iterator[Found]:
    """Each secret of a text once, by its form."""
    seen: set[str] = set()
    for form in FORMS:
        if form.hint not in text:
            continue
        for place, match in enumerate(form.pattern.finditer(text)):
            if place >= MOST:
                break
            secret = match.group()
            if secret in seen:
                continue
            sure = form.sure(secret)
            if sure is not None:
                seen.add(secret)
                yield Found(form.name, secret, sure)
