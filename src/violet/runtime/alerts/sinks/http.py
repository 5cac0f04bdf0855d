"""What the receivers over HTTP share: one client, no redirects, bounded answers, and addresses that are allowed."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from violet import __version__
from violet.domain.errors import ConfigurationError, MissingExtraError
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.routing import Route

if TYPE_CHECKING:
    import aiohttp

LARGEST_ANSWER = 64 << 10


class Poster:
    """Posts to one address. ``public_only`` refuses addresses that are not public, after the name was resolved and
    before anything is connected: what the check saw is what is connected to, so a name that changes its mind in
    between (DNS rebinding) gains nothing. Raises ``ConfigurationError`` for authorities that are none, and
    ``MissingExtraError``."""

    def __init__(self, route: Route, public_only: bool) -> None:
        try:
            import aiohttp  # noqa: F401 - so that a route that could never deliver says so at once
        except ImportError as error:
            raise MissingExtraError(f"The route {route.name!r}", "guard") from error
        self._route = route
        self._public_only = public_only
        self._session: aiohttp.ClientSession | None = None
        self._context = tls_context(route.ca) if route.url.startswith("https:") else None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises ``SendError`` for any answer but 2xx."""
        import aiohttp

        session = self._opened()
        if self._public_only:
            self._check_literal(url)
        try:
            async with session.post(
                url,
                data=body,
                headers={**dict(self._route.headers), **headers},
                allow_redirects=False,
                ssl=self._context if self._context is not None else True,
            ) as answer:
                await answer.content.read(LARGEST_ANSWER)  # one that is read leaves its connection for the next
                status = answer.status
                wait = answer.headers.get("retry-after", "")
        except Refused as error:
            raise SendError(str(error), permanent=True) from error
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, Refused):
                raise SendError(str(error.__cause__), permanent=True) from error
            raise SendError(f"{type(error).__name__}: {error}") from error
        if 200 <= status < 300:
            return
        permanent = 300 <= status < 500 and status not in (408, 425, 429)
        shown = "a redirect, which is not followed" if 300 <= status < 400 else f"status {status}"
        raise SendError(
            f"the receiver answers with {shown}", permanent=permanent, after=float(wait) if wait.isdigit() else 0.0
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            import aiohttp

            resolver = _resolver() if self._public_only else None
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=4, resolver=resolver, use_dns_cache=False),
                timeout=aiohttp.ClientTimeout(total=self._route.timeout),
                headers={"user-agent": f"violet-guard/{__version__}"},
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _check_literal(self, url: str) -> None:
        """Addresses that are written as such are connected to without a resolver."""
        host = urlsplit(url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            if host.replace(".", "").isdigit() or host.lower().startswith("0x"):  # 127.1, 2130706433, 0x7f000001
                raise SendError(f"{host} is an address in a form that is not allowed", permanent=True) from None
            return
        if not public(str(address)):
            raise SendError(_private(str(address)), permanent=True)


class Refused(OSError):
    """The name leads to an address that is not allowed."""


def public(address: str) -> bool:
    """Whether it is an address of the internet: not private, loopback, link-local (where clouds keep credentials),
    multicast, reserved, or one of those wrapped in IPv6."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
        if parsed.teredo is not None:
            return False
    return parsed.is_global and not parsed.is_multicast


def _private(address: str) -> str:
    return f"{address} is not a public address; allow_private = true lets this route use it"


def _resolver() -> Any:
    """aiohttp's resolver, with what is not public taken out."""
    from aiohttp.abc import AbstractResolver
    from aiohttp.resolver import ThreadedResolver

    class PublicOnly(AbstractResolver):
        def __init__(self) -> None:
            self._inner = ThreadedResolver()

        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
            found = await self._inner.resolve(host, port, family)
            allowed = [entry for entry in found if public(entry["host"].partition("%")[0])]
            if found and not allowed:
                raise Refused(_private(f"{host} ({found[0]['host']})"))
            return list(allowed)

        async def close(self) -> None:
            await self._inner.close()

    return PublicOnly()


def tls_context(authorities: str) -> ssl.SSLContext:
    """Certificates are verified, always. Raises ``ConfigurationError`` for a file that holds no authorities."""
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"The authorities in {authorities} cannot be used: {reason}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
