"""Who calls: the first of certificate, token, API key, header and address that a request has.

On the hot path it is one look-up by the raw value of the header; what is looked at for the first time costs more (a
signature some hundred microseconds). An API key appears nowhere but in that look-up, in memory: ids are a BLAKE2b of it
under a key of the guard's own (RFC 7693, section 2.9), so that whoever reads alerts cannot try keys out.

A value that comes twice in one request is nobody's: servers differ in which of the two they take, and a thief must not
get a new name by adding a second header to his own.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING

from violet.domain.errors import ConfigurationError, VioletError
from violet.domain.guarding import IdentityPolicy, JwtPolicy
from violet.domain.traffic import Caller, Identification
from violet.runtime.networks import network_of, trusted

if TYPE_CHECKING:
    from violet.provenance.tokens import TokenRules
    from violet.runtime.hooks import Request

LONGEST = 128
"""Characters of a name that is shown as it is; longer ones, and odd ones, by their hash."""
KEPT_BYTES = 4 << 20
"""Characters of header values that are remembered, half of it recent ones."""
RELOAD = 30.0
"""Seconds after which a file of keys is looked at again, where a token is new."""
SECRET = 32
"""Bytes of the key under which API keys are hashed."""


class Remembered:
    """Callers by the value that told them, bounded in number and in characters: two generations, of which the older is
    dropped as a whole. A caller that is not the same for ever has an end, in seconds since 1970."""

    __slots__ = ("_capacity", "_characters", "_old", "_young")

    def __init__(self, capacity: int) -> None:
        self._capacity = max(1, capacity // 2)
        self._young: dict[str, tuple[Caller | None, float]] = {}
        self._old: dict[str, tuple[Caller | None, float]] = {}
        self._characters = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, value: str) -> tuple[Caller | None, float] | None:
        found = self._young.get(value)
        if found is None:
            found = self._old.get(value)
            if found is not None:
                self.put(value, *found)
        return found

    def put(self, value: str, caller: Caller | None, until: float) -> None:
        if len(value) > KEPT_BYTES // 64:
            return
        if len(self._young) >= self._capacity or self._characters + len(value) > KEPT_BYTES // 2:
            self._old, self._young, self._characters = self._young, {}, 0
        self._characters += len(value)
        self._young[value] = (caller, until)

    def clear(self) -> None:
        self._young, self._old, self._characters = {}, {}, 0


class Identifier:
    """Callable with a request; never raises for what a client sent. ``secret`` is the key of the hashes. ``failures``
    counts, by a short word, what was brought and proved nothing. Raises ``ConfigurationError`` for a policy that cannot
    be, and ``KeyFileError`` for keys that cannot be read."""

    def __init__(self, policy: IdentityPolicy, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < 16:
            raise ConfigurationError("The secret of the guard's identities is shorter than 16 bytes.")
        self.policy = policy
        self.failures: dict[str, int] = {}
        self._secret = secret[:64]
        self._clock = clock
        self._key_headers = tuple(name.lower() for name in policy.key_headers)
        self._header = policy.header.lower()
        self._is_trusted = lru_cache(4096)(trusted(policy.trusted_proxies))
        self._tokens = Tokens(policy.jwt, clock) if policy.jwt is not None else None
        self._callers = {kind: Remembered(policy.remembered) for kind in Identification}
        self._names = {digest.lower(): name for name, digest in policy.known_keys.items()}
        ways: dict[Identification, Callable[[Request], Caller | None]] = {
            Identification.MTLS: self._by_certificate,
            Identification.JWT: self._by_token,
            Identification.KEY: self._by_key,
            Identification.HEADER: self._by_header,
        }
        self._ways = tuple(
            ways[kind]
            for kind in policy.order
            if kind in ways
            and not (kind is Identification.JWT and policy.jwt is None)
            and not (kind is Identification.HEADER and not policy.header)
        )

    def __call__(self, request: Request) -> Caller:
        for way in self._ways:
            found = way(request)
            if found is not None:
                return found
        return self._by_address(request)

    def _by_certificate(self, request: Request) -> Caller | None:
        subject = request.certificate
        if not subject:
            return None
        known = self._callers[Identification.MTLS].get(subject)
        if known is not None:
            return _at(known[0], request)
        caller = Caller(f"mtls:{self.shown(subject)}", Identification.MTLS, request.client or request.peer, True)
        self._callers[Identification.MTLS].put(subject, caller, 0.0)
        return caller

    def _by_token(self, request: Request) -> Caller | None:
        tokens = self._tokens
        if tokens is None:
            return None
        value = request.headers.get(tokens.header)
        if not value:
            return None
        remembered = self._callers[Identification.JWT]
        known = remembered.get(value)
        if known is not None and self._clock() < known[1]:
            return _at(known[0], request)
        token = _bearer(value)
        if not looks_like_a_token(token):
            return None
        name, until, reason = tokens.name(token)
        if reason:
            self._failed(reason)
        caller = None
        if name:
            caller = Caller(
                f"jwt:{self.shown(name)}", Identification.JWT, request.client or request.peer, not tokens.unverified
            )
        remembered.put(value, caller, until)
        return caller

    def _by_key(self, request: Request) -> Caller | None:
        """Of several keys only the server knows which one counts: then none does here."""
        headers = request.headers
        given = [headers[name] for name in self._key_headers if name in headers]
        if not given:
            return None
        if len(given) > 1:
            self._failed("several_keys")
            return None
        (value,) = given
        remembered = self._callers[Identification.KEY]
        known = remembered.get(value)
        if known is not None:
            return _at(known[0], request)
        caller = self._of_key(value, request)
        remembered.put(value, caller, 0.0)
        return caller

    def _of_key(self, value: str, request: Request) -> Caller | None:
        key = _bearer(value)
        if not key:
            return None
        if "," in key:
            self._failed("repeated")
            return None
        if self._tokens is not None and looks_like_a_token(key):
            return None  # one that proved nothing is no key
        address = request.client or request.peer
        if self._names:
            name = self._names.get(sha256(key.encode("utf-8", "surrogateescape")).hexdigest())
            if name is None:
                self._failed("unknown_key")
                return None
            return Caller(f"key:{self.shown(name)}", Identification.KEY, address, True)
        return Caller(f"key:{self.hashed(key)}", Identification.KEY, address, False)

    def _by_header(self, request: Request) -> Caller | None:
        value = request.headers.get(self._header)
        if not value:
            return None
        if not self._is_trusted(request.peer):
            self._failed("header_of_a_stranger")
            return None
        known = self._callers[Identification.HEADER].get(value)
        if known is not None:
            return _at(known[0], request)
        caller = None
        if "," in value:
            self._failed("repeated")
        elif value.strip():
            address = request.client or request.peer
            caller = Caller(f"header:{self.shown(value.strip())}", Identification.HEADER, address, True)
        self._callers[Identification.HEADER].put(value, caller, 0.0)
        return caller

    def _by_address(self, request: Request) -> Caller:
        address = request.client or request.peer
        known = self._callers[Identification.ADDRESS].get(address)
        if known is not None and known[0] is not None:
            return known[0]
        network = network_of(address, self.policy.v4_prefix, self.policy.v6_prefix)
        caller = Caller(f"address:{network or 'unknown'}", Identification.ADDRESS, self.shown(address), bool(network))
        self._callers[Identification.ADDRESS].put(address, caller, 0.0)
        return caller

    def shown(self, name: str) -> str:
        """A name as ids have it: itself, where it is short and can be read; else ``~`` and its hash."""
        if len(name) <= LONGEST and name.isprintable() and not name.startswith("~"):
            return name
        return f"~{self.hashed(name)}"

    def hashed(self, value: str) -> str:
        """16 hexadecimal digits of a BLAKE2b under the guard's own key."""
        return blake2b(value.encode("utf-8", "surrogateescape"), digest_size=8, key=self._secret).hexdigest()

    def _failed(self, reason: str) -> None:
        self.failures[reason] = self.failures.get(reason, 0) + 1


class Tokens:
    """Names out of JSON Web Tokens. Files of keys are read again when they change."""

    def __init__(self, policy: JwtPolicy, clock: Callable[[], float]) -> None:
        if not (policy.keys or policy.secret or policy.unverified_claims_that_anybody_could_write):
            raise ConfigurationError(
                "guard.identity.jwt names no keys, so that no token could be believed.",
                "Say keys (a JSON Web Key Set, or public keys in PEM) or secret.",
            )
        self.policy = policy
        self.header = policy.header.lower()
        self.unverified = policy.unverified_claims_that_anybody_could_write
        self._clock = clock
        self._looked = clock()
        self._stamp = self._stamps()
        self._rules = self._read()

    def name(self, token: str) -> tuple[str, float, str]:
        """The caller's name (empty: none), until when that holds, and why there is none. What proved nothing is not
        asked again for a while, either."""
        from violet.provenance.tokens import TokenError, unverified_claims_that_anybody_could_write, verify

        now = self._clock()
        self._renew(now)
        try:
            if self.unverified:
                claims = unverified_claims_that_anybody_could_write(token)
            else:
                claims = verify(token, self._rules, now)
        except TokenError as error:
            return "", now + RELOAD, f"token_{error.reason}"
        found = claims.get(self.policy.claim)
        if isinstance(found, int | float) and not isinstance(found, bool):
            found = repr(found)
        if not isinstance(found, str) or not found:
            return "", now + RELOAD, "token_claim"
        ends = claims.get("exp")
        until = now + 10 * RELOAD
        if not self.unverified and isinstance(ends, int | float):
            until = min(until, float(ends) + self.policy.leeway_seconds)
        return found, until, ""

    def _read(self) -> TokenRules:
        from violet.provenance.tokens import TokenRules, load_keys, load_secret

        policy = self.policy
        keys = load_keys(policy.keys) if policy.keys else ()
        if policy.secret:
            keys = (*keys, load_secret(policy.secret))
        return TokenRules(keys, policy.issuer, policy.audience, policy.algorithms, policy.leeway_seconds)

    def _renew(self, now: float) -> None:
        if abs(now - self._looked) < RELOAD:
            return
        self._looked = now
        stamp = self._stamps()
        if stamp == self._stamp:
            return
        try:
            self._rules = self._read()
        except VioletError:  # half written, or gone: the old keys hold until there are new ones
            return
        self._stamp = stamp

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        found: list[tuple[int, int, int]] = []
        for path in (self.policy.keys, self.policy.secret):
            try:
                stat = os.stat(path) if path else None
            except OSError:
                stat = None
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat is not None else (0, 0, 0))
        return tuple(found)


def looks_like_a_token(text: str) -> bool:
    """Three parts, the first of which begins as the encoded JSON of an object does."""
    return text.startswith("ey") and text.count(".") == 2 and "," not in text


def _at(caller: Caller | None, request: Request) -> Caller | None:
    """The same caller at the address of this request."""
    address = request.client or request.peer
    if caller is None or caller.address == address:
        return caller
    return Caller(caller.id, caller.by, address, caller.verified)


def _bearer(value: str) -> str:
    """The credentials of an Authorization header with the scheme Bearer (RFC 6750, section 2.1), or the whole value."""
    value = value.strip()
    scheme, space, rest = value.partition(" ")
    return rest.strip() if space and scheme.lower() == "bearer" else value


def load_secret(path: str) -> bytes:
    """The key of the hashes, in a file that only its owner can read; made where there is none. Several processes may
    ask at once. Raises ``ConfigurationError``."""
    try:
        if not os.path.exists(path):
            _make_secret(path)
        with open(path, "rb") as file:
            secret = file.read(65)
    except OSError as error:
        raise ConfigurationError(f"The guard's secret {path} cannot be used: {error.strerror}.") from error
    if not 16 <= len(secret) <= 64:
        raise ConfigurationError(
            f"The guard's secret {path} has {len(secret)} bytes.", "It needs 16 to 64: remove it, and one is made."
        )
    return secret


def _make_secret(path: str) -> None:
    """Written whole under another name first: whoever finds it finds all of it, and the first one made stays."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".secret-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(SECRET))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
