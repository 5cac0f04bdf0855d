"""Secrets and personal data in answers. Every secret here is made up while the test runs."""

from __future__ import annotations

import base64
import json
import random
import resource
import string
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.detectors.inputs.test_texts import HONEST, batch_of
from violet.detectors.base import Detector, Setup, detectors
from violet.detectors.outputs._personal_forms import iban, luhn, personal_in
from violet.detectors.outputs._secret_forms import base62_crc, secrets_in

SECRETS, PERSONAL = "outputs/secrets", "outputs/personal_data"
ALPHANUMERIC = string.ascii_letters + string.digits


def drawn(seed: int, count: int, letters: str = ALPHANUMERIC) -> str:
    return "".join(random.Random(seed).choices(letters, k=count))


def github(seed: int) -> str:
    body = drawn(seed, 30)
    return "gh" + "p_" + body + base62_crc(body)


def jwt(seed: int, name: str = "Somebody") -> str:
    parts: list[dict[str, Any]] = [{"alg": "HS256", "typ": "JWT"}, {"sub": drawn(seed, 10), "name": name}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, drawn(seed, 43)])


def key(seed: int, kind: str = "RSA ") -> str:
    body = base64.b64encode(random.Random(seed).randbytes(600)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


CERTAIN: dict[str, Callable[[int], str]] = {
    "github": github,
    "npm": lambda seed: "npm" + github(seed)[3:],
    "jwt": jwt,
    "private key": key,
    "openssh": lambda seed: key(seed, "OPENSSH "),
    "google": lambda seed: "AI" + "za" + drawn(seed, 35),
    "gitlab": lambda seed: "gl" + "pat-" + drawn(seed, 20),
    "slack": lambda seed: "xo" + "xb-" + drawn(seed, 11, string.digits) + "-" + drawn(seed, 24),
    "stripe": lambda seed: "sk_" + "live_" + drawn(seed, 24),
    "sendgrid": lambda seed: "SG" + "." + drawn(seed, 22) + "." + drawn(seed, 43),
    "hugging face": lambda seed: "h" + "f_" + drawn(seed, 34),
    "anthropic": lambda seed: "sk-" + "ant-api03-" + drawn(seed, 95),
    "openai": lambda seed: "sk-" + "proj-" + drawn(seed, 60),
}
LIKE: dict[str, Callable[[int], str]] = {
    "aws": lambda seed: "AK" + "IA" + drawn(seed, 16, string.ascii_uppercase + "234567"),
    "some key": lambda seed: "sk" + "-" + drawn(seed, 48),
}


def made(name: str) -> Detector:
    return detectors()[name].build(Setup(None, 64))


def limit(name: str) -> float:
    return detectors()[name].facts.threshold


def highest(name: str, answers: list[str], prompts: list[str] | None = None, clients: Any = 0) -> float:
    texts = prompts or [f"question {number}" for number in range(len(answers))]
    return float(np.max(made(name).observe(batch_of(texts, clients, answers)).value, initial=0.0))


@pytest.mark.parametrize("kind", CERTAIN)
def test_one_certain_secret_is_enough(kind: str) -> None:
    secret = CERTAIN[kind](3)
    answer = f"Sure! Use this one: {secret} and restart."
    assert [found.certain for found in secrets_in(answer)] == [True]
    assert highest(SECRETS, [*HONEST, answer]) >= limit(SECRETS)


@pytest.mark.parametrize("kind", LIKE)
def test_of_those_that_look_like_it_it_takes_two(kind: str) -> None:
    assert highest(SECRETS, [*HONEST, f"It is {LIKE[kind](1)}."]) < limit(SECRETS)
    assert highest(SECRETS, [*HONEST, f"It is {LIKE[kind](1)}.", f"It is {LIKE[kind](2)}."]) >= limit(SECRETS)


@pytest.mark.parametrize("kind", CERTAIN)
def test_a_secret_of_the_question_is_no_leak(kind: str) -> None:
    secret = CERTAIN[kind](4)
    assert highest(SECRETS, [f"Your key {secret} looks fine."], [f"Is {secret} a key?"]) == 0.0


@pytest.mark.parametrize("kind", [*CERTAIN, *LIKE])
def test_evidence_never_has_the_secret(kind: str) -> None:
    secret = (CERTAIN | LIKE)[kind](5)
    evidence = made(SECRETS).observe(batch_of(["q"], 0, [f"key: {secret}"])).explain(0)
    said = f"{evidence.summary} {dict(evidence.values)}"
    assert "characters)" in said
    assert not any(secret[at : at + 8] in said for at in range(12, len(secret) - 8))


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "x" * 36,
        "ghp_short",
        "npm_install_something_else_in_your_project_now",
        "sk-your-key-goes-here-placeholder-placeholder-1",
        "The commit is 3f2a9c1d4e5b6f708192a3b4c5d6e7f8091a2b3c.",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 200,
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.nonsense",
        jwt(1, "John Doe"),
        "a3f0-11ee-be56-0242ac120002 is a UUID, AKIAIOSFODNN7EXAMPLE is the one of the manual",
        *HONEST,
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert list(secrets_in(text)) == []


def test_a_checksum_that_is_wrong_makes_it_less_certain() -> None:
    token = github(6)
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert [found.certain for found in secrets_in(token)] == [True]
    assert True not in [found.certain for found in secrets_in(wrong)]
    assert zlib.crc32(b"123456789") == 0xCBF43926, "the CRC-32 of the standard"


def test_it_is_found_inside_of_long_answers() -> None:
    words = "some words of an answer "
    assert len(list(secrets_in(words * 800 + github(7) + " " + words * 20))) == 1
    answer = words * 4000 + key(8)
    assert highest(SECRETS, [answer]) >= limit(SECRETS)


# -- personal data ---------------------------------------------------------------------------------------------------


def with_check(digits: str) -> str:
    return next(digits + check for check in string.digits if luhn(digits + check))


def account(seed: int) -> str:
    rest = drawn(seed, 18, string.digits)
    return next(f"DE{check:02d}{rest}" for check in range(2, 99) if iban(f"DE{check:02d}{rest}"))


def mail(seed: int) -> str:
    return f"{drawn(seed, 8, string.ascii_lowercase)}@{drawn(seed + 1000, 7, string.ascii_lowercase)}.net"


def phone(seed: int) -> str:
    return f"+49 30 {random.Random(seed).randrange(10_000_000, 99_999_999)}"


def card(seed: int) -> str:
    digits = with_check("4" + drawn(seed, 14, string.digits))
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


KNOWN = {
    "e-mail address": ["jane.roe+x@mail.company.co.uk", "<a@b.de>"],
    "phone number": ["+44 20 7946 0958", "+4915112345678", "+1 (212) 736-5000"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"],
    "payment card": ["4012 8888 8888 1881", "5105105105105100", "3714-496353-98431"],
    "Spanish identity number": ["12345678Z"],
    "Polish identity number": ["44051401359"],
    "Brazilian tax number": ["529.982.247-25"],
    "Italian tax code": ["RSSMRA85T10A562S"],
    "Finnish identity code": ["131052-308T"],
    "French social security number": ["2 55 08 14 168 025 38"],
    "US social security number": ["536-90-4399"],
    "IP address": ["93.184.216.34"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in KNOWN.items() for value in values])
def test_the_examples_of_the_standards_are_known(kind: str, value: str) -> None:
    """Of ISO 13616, the issuers' test numbers, and what the authorities print as examples."""
    assert [piece.kind for piece in personal_in(f"It is {value}, as far as I know.")] == [kind]


@pytest.mark.parametrize("kind", ["IBAN", "payment card", "Spanish identity number", "Polish identity number"])
def test_one_digit_wrong_is_none(kind: str) -> None:
    value = KNOWN[kind][0]
    place = next(at for at in range(4, len(value)) if value[at].isdigit())
    wrong = value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]
    assert kind not in [piece.kind for piece in personal_in(wrong)]


@pytest.mark.parametrize(
    "text",
    [
        *HONEST,
        "Version 1.2.3.4, 10.0.0.1, 127.0.0.1, 192.168.1.20 and 3.14.15.9",
        "Write to help@example.com or me@localhost",
        "@someone and a@ and @b.c",
        "The order 4111111111111111 and 1234567812345678",
        "2024-12-31 12:00:00.000000 1733011200000 0000000000000000",
        "phone +1 and +++ 5",
        "٤٠١٢٨٨٨٨٨٨٨٨١٨٨١",
    ],
)
def test_what_is_nobodys_is_nothing(text: str) -> None:
    assert [piece.kind for piece in personal_in(text)] == []


def test_who_is_told_data_of_many_is_named() -> None:
    answers = [*HONEST, *(f"{mail(n)}, {phone(n)}, {account(n)}" for n in range(6))]
    value = made(PERSONAL).observe(batch_of(["q"] * len(answers), 0, answers))
    first = value.rows[np.flatnonzero(value.value >= limit(PERSONAL))[0]]
    assert first - len(HONEST) in (2, 3)
    said = value.explain(len(value.rows) - 1).summary
    assert "IBAN" in said
    assert not any(part in said for n in range(6) for part in (mail(n), account(n)))


def test_the_data_of_one_is_no_leak_of_many() -> None:
    """Somebody who asks about an own account again and again."""
    answers = [f"Your IBAN is {account(1)}, your address {mail(1)}, your card {card(1)}."] * 50
    assert highest(PERSONAL, answers) < limit(PERSONAL)


def test_what_is_asked_with_is_no_leak() -> None:
    prompts = [f"Write to {mail(n)}, IBAN {account(n)}, {card(n)}" for n in range(30)]
    assert highest(PERSONAL, [prompt.replace(" ", "  ") for prompt in prompts], prompts) == 0.0


def test_what_everybody_gets_is_the_services_own() -> None:
    """Contact addresses: the first three clients have got them, the others get nothing new."""
    contacts = [f"Contact {mail(n)} or {phone(n)}." for n in range(12)]
    answers, clients = contacts * 10, np.repeat(np.arange(10), 12)
    scores = made(PERSONAL).observe(batch_of(["q"] * 120, clients, answers))
    reached = set(clients[scores.rows[scores.value > 0]].tolist())
    assert reached == {0, 1, 2}


HOSTILE = (
    '"a" * n',
    '"1" * n',
    '"1 " * n',
    '"@" * n',
    '"a@" * n',
    '"a.a" * n + "@"',
    '"a@a." * n',
    '"+1" * n',
    '"+1 " * n',
    '"AA11" * n',
    '"DE89 3704 " * n',
    '("AA11" * 14 + "_,") * n',
    '("+1 " * 9 + "x") * n',
    '("1-" * 30 + "a") * n',
    '"1.1." * n',
    '"111-11-" * n',
    '"eyJ" * n',
    '"eyJaaaaaaaaaaa." * n',
    '"-----BEGIN PRIVATE KEY-----" * n',
    '"-----BEGIN PRIVATE KEY-----" + "-" * n',
    '"gh" + "p_" * n',
    '("sk-" + "a" * 47) * n',
    '"AccountKey=" * n',
    r'"\ud800\x00" * n',
)


def test_no_answer_takes_long() -> None:
    """All kinds are looked for in 300,000 characters, ten times what is read, while the processor is taken away after
    30 seconds in all: what backtracks takes hours. The last one begun is named."""
    program = (
        "from violet.detectors.outputs._secret_forms import secrets_in\n"
        "from violet.detectors.outputs._personal_forms import personal_in\n"
        "n = 300_000\n"
    )
    program += "".join(
        f"print({text!r}, flush=True)\ntext = ({text})[:n]\nlist(secrets_in(text)); list(personal_in(text))\n"
        for text in HOSTILE
    )

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    done = subprocess.run([sys.executable, "-c", program], preexec_fn=bounded, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.splitlines()[-1] + done.stderr


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert all(piece.value for piece in personal_in(text))
    assert all(found.text in text for found in secrets_in(text))


@given(st.text(alphabet="0123456789 -+.@AZaz", max_size=120))
def test_any_number_is_read(text: str) -> None:
    assert all(piece.kind and piece.weight > 0 for piece in personal_in(text))


def test_memory_is_bounded() -> None:
    detector: Any = made(PERSONAL)
    for begin in range(0, 20_000, 500):
        answers = [" ".join(mail(begin + n + k) for k in range(2)) for n in range(0, 500, 2)]
        detector.observe(batch_of(["q"] * len(answers), np.arange(len(answers)) % 60, answers))
    assert len(detector._had) == 16_384
