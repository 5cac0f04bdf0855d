"""What personal data in texts look like, with their checksums. Every search is linear: what repeats is bounded.

Sources: ITU-T E.164 (phone numbers); ISO 13616 (IBAN) and ISO 7064 (its check digits); ISO/IEC 7812-1 (payment cards,
the Luhn formula); RFC 5321 section 4.5.3.1 (lengths of addresses). National numbers: Spain, Orden INT/2058/2008 (DNI);
France, decree 82-103 (NIR); Poland, the law on population registration (PESEL); Brazil, Receita Federal (CPF); Italy,
decree of 23 December 1976 (codice fiscale); Finland, Population Information Act (henkilötunnus).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST = 300
"""Places of one kind that are looked at in a text."""
_IBAN_LENGTHS = {
    code: int(length)
    for code, length in (
        pair.split(":")
        for pair in (
            "AT:20 BE:16 BG:22 CH:21 CY:28 CZ:24 DE:22 DK:18 EE:20 ES:24 FI:18 FR:27 GB:22 GR:27 HR:21 HU:28 IE:22 "
            "IL:23 IS:26 IT:27 LI:21 LT:20 LU:20 LV:21 MC:27 MT:31 NL:18 NO:15 PL:28 PT:25 RO:24 SA:24 SE:24 SI:19 "
            "SK:24 SM:27 TR:26 AE:23"
        ).split()
    )
}
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}", re.ASCII)
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """``value`` is the datum itself, without separators: never to be said. ``weight``: 1 for what names a person."""

    kind: str
    value: str
    weight: float


def personal_in(text: str) -> Iterator[Piece]:
    """Each datum of a text once."""
    seen: set[str] = set()
    numbers = _numbers(text)
    for find, where in (
        (_emails, text),
        (_phones, numbers),
        (_ibans, numbers),
        (_cards, numbers),
        (_national, numbers),
        (_addresses, numbers),
    ):
        for piece in find(where):
            if piece.value not in seen:
                seen.add(piece.value)
                yield piece


_NUMBERS = re.compile(r"[A-Z0-9 ().+-]{7,}+", re.ASCII)


def _numbers(text: str) -> str:
    """The parts of a text that may be numbers of some kind, each with the characters around it, on lines of their own:
    most of a text is none, and need not be searched ten times."""
    found: list[str] = []
    for match in _NUMBERS.finditer(text):
        if sum(map(match.group().count, "0123456789")) >= 4:
            begin, end = match.span()
            found.append(text[max(0, begin - 1) : end + 1])
    return "\n".join(found)


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def iban(text: str) -> bool:
    """Without separators: the length of its country, and 1 modulo 97."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def _emails(text: str) -> Iterator[Piece]:
    at = text.find("@")
    for _ in range(MOST):
        if at < 0:
            return
        begin = at
        while begin > 0 and at - begin < 64 and text[begin - 1] in _LOCAL:
            begin -= 1
        domain = _DOMAIN.match(text, at + 1, at + 256)
        local = text[begin:at].strip(".")
        if local and domain is not None:
            host = domain.group().rstrip("-")
            if host.rpartition(".")[2].isalpha() and len(host.rpartition(".")[2]) > 1 and not _RESERVED.search(host):
                yield Piece("e-mail address", f"{local}@{host}".lower(), 1.0)
        at = text.find("@", at + 1)


_PHONE = re.compile(r"\+[1-9][\d ().-]{6,20}\d", re.ASCII)


def _phones(text: str) -> Iterator[Piece]:
    if "+" not in text:
        return
    for place, match in enumerate(_PHONE.finditer(text)):
        if place >= MOST:
            return
        digits = re.sub(r"\D", "", match.group())
        # +1 555 01xx is kept for fiction.
        if 8 <= len(digits) <= 15 and len(set(digits)) > 3 and not re.match(r"1\d{3}55501\d\d$", digits):
            yield Piece("phone number", "+" + digits, 1.0)


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", re.ASCII)


def _ibans(text: str) -> Iterator[Piece]:
    for place, match in enumerate(_IBAN.finditer(text)):
        if place >= MOST:
            return
        joined = match.group().replace(" ", "")
        # A word in capitals may follow it.
        length = _IBAN_LENGTHS.get(joined[:2], 0)
        if length and iban(joined[:length]):
            yield Piece("IBAN", joined[:length], 2.0)


_CARD = re.compile(r"(?<![\d.,+-])\d(?:[ -]?\d){12,18}(?![\d.]\d|\d)", re.ASCII)


def _cards(text: str) -> Iterator[Piece]:
    for place, match in enumerate(_CARD.finditer(text)):
        if place >= MOST:
            return
        digits = re.sub(r"\D", "", match.group())
        if _issued(digits) and luhn(digits) and len(set(digits)) > 2 and digits not in _TEST_CARDS:
            yield Piece("payment card", digits, 2.0)


_TEST_CARDS = frozenset(
    ("4111111111111111", "4242424242424242", "5555555555554444", "378282246310005", "6011111111111117")
)


def _issued(digits: str) -> bool:
    """The length and the first digits belong to an issuer of cards."""
    length, four = len(digits), int(digits[:4])
    if digits[0] == "4":
        return length in (13, 16, 19)
    if 5100 <= four <= 5599 or 2221 <= four <= 2720:
        return length == 16
    if digits[:2] in ("34", "37"):
        return length == 15
    return length == 16 and (four == 6011 or digits[:2] == "65" or 3528 <= four <= 3589)


def _dni(text: str) -> bool:
    digits = text[:8]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == text[-1]


def _nir(text: str) -> bool:
    digits = re.sub(r"\s", "", text)
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:]) and 1 <= int(digits[3:5]) <= 12


def _pesel(text: str) -> bool:
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    month, day = int(text[2:4]) % 20, int(text[4:6])
    right = (10 - sum(int(d) * w for d, w in zip(text, weights, strict=False)) % 10) % 10 == int(text[10])
    return right and 1 <= month <= 12 and 1 <= day <= 31 and len(set(text)) > 3


def _cpf(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = sum(digit * (length + 1 - place) for place, digit in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != digits[length]:
            return False
    return True


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        map(
            int, "1 0 5 7 9 13 15 17 19 21 1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23".split()
        ),
        strict=True,
    )
)


def _fiscal(text: str) -> bool:
    odd = sum(_ODD[c] for c in text[:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in text[1:15:2])
    return chr(65 + (odd + even) % 26) == text[15]


def _finnish(text: str) -> bool:
    day, month = int(text[:2]), int(text[2:4])
    rest = int(text[:6] + text[7:10]) % 31
    return 1 <= day <= 31 and 1 <= month <= 12 and "0123456789ABCDEFHJKLMNPRSTUVWXY"[rest] == text[10]


_NATIONAL: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("Spanish identity number", re.compile(r"(?<![A-Za-z0-9])\d{8}-?[A-Z](?![A-Za-z0-9])", re.ASCII), _dni),
    (
        "French social security number",
        re.compile(r"(?<!\d)[12] ?\d\d ?\d\d ?\d\d ?\d{3} ?\d{3} ?\d\d(?!\d)", re.ASCII),
        _nir,
    ),
    ("Polish identity number", re.compile(r"(?<![\d.])\d{11}(?![\d.])", re.ASCII), _pesel),
    ("Brazilian tax number", re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d\d(?!\d)", re.ASCII), _cpf),
    (
        "Italian tax code",
        re.compile(r"(?<![A-Z0-9])[A-Z]{6}\d\d[ABCDEHLMPRST]\d\d[A-Z]\d{3}[A-Z](?![A-Z0-9])", re.ASCII),
        _fiscal,
    ),
    (
        "Finnish identity code",
        re.compile(r"(?<![A-Za-z0-9])\d{6}[-+A-F]\d{3}[0-9A-Y](?![A-Za-z0-9])", re.ASCII),
        _finnish,
    ),
)
_SOCIAL = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])", re.ASCII)


def _national(text: str) -> Iterator[Piece]:
    for kind, pattern, right in _NATIONAL:
        for place, match in enumerate(pattern.finditer(text)):
            if place >= MOST:
                break
            if right(match.group()):
                yield Piece(kind, re.sub(r"[\s.-]", "", match.group()), 2.0)
    for place, match in enumerate(_SOCIAL.finditer(text)):
        if place >= MOST:
            break
        # It has no checksum.
        if match.group() not in ("078-05-1120", "219-09-9999", "123-45-6789"):
            yield Piece("US social security number", match.group(), 1.0)


_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.])", re.ASCII)


def _addresses(text: str) -> Iterator[Piece]:
    for place, match in enumerate(_ADDRESS.finditer(text)):
        if place >= MOST:
            return
        try:
            address = ipaddress.IPv4Address(match.group())
        except ValueError:
            continue
        # Numbers of versions look like addresses: those of small numbers are not believed.
        if address.is_global and max(address.packed) > 30 and address.packed[0] > 4:
            yield Piece("IP address", str(address), 0.25)
