"""Certificates of what Violet serves: loaded, and loaded again when their files change."""

from __future__ import annotations

import asyncio
import os
import ssl

from violet.domain import UsageError

RENEWAL = 10.0
"""Seconds between looks at the files."""


def server_context(certificate: str, key: str, clients: str = "", *, demand: bool = True) -> ssl.SSLContext:
    """``certificate`` and ``key`` are PEM files, ``clients`` one of authorities that sign callers' certificates: with
    ``demand`` every caller must show one. Raises ``UsageError`` for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(certificate, key)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED if demand else ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"The certificate {certificate} with the key {key} cannot be used: {why}.",
            "Both are PEM files, and the key has no passphrase.",
        ) from error
    return context


async def renew(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Load the certificate again when its files change, until cancelled. A pair that does not fit is left for the next
    look; it is tried on another context first, because one that failed to load has lost what it had."""
    last = _stamp(certificate, key)
    while True:
        await asyncio.sleep(RENEWAL)
        now = _stamp(certificate, key)
        if now == last:
            continue
        try:
            server_context(certificate, key)
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError, UsageError):
            continue
        last = now


def _stamp(certificate: str, key: str) -> tuple[int, ...]:
    try:
        return tuple(os.stat(path).st_mtime_ns for path in (certificate, key))
    except OSError:
        return ()
