"""JSON over HTTP, as a model server is asked: one connection kept, tries that are counted, a deadline that holds."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from violet import __version__
from violet.domain.errors import MissingExtraError, UsageError
from violet.targets.base import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = (429, 500, 502, 503, 504)
"""Answers after which the same question may be asked again."""
LARGEST = 256 << 20
"""Bytes of an answer."""
FIRST_WAIT = 0.25
LONGEST_WAIT = 30.0


class TooLargeError(TargetError):
    """The server takes smaller requests (status 413)."""


@dataclass(slots=True, eq=False)
class Transport:
    """``timeout`` is for one try, ``deadline`` for a question with all its tries and waits, in seconds; ``retries`` are
    the tries after the first. ``headers`` may hold secrets: they appear in no message. Redirects are not followed."""

    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0
    deadline: float = 120.0
    retries: int = 4
    ca: str = ""
    on_retry: Callable[[], None] = field(default=lambda: None)
    retried: int = 0
    wait: Callable[[float], None] = time.sleep
    _pool: Any = None

    def __getstate__(self) -> dict[str, Any]:
        kept = ("headers", "timeout", "deadline", "retries", "ca", "retried")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def post(self, url: str, document: Any) -> Any:
        """The JSON that answers this JSON. Raises ``TargetError`` with URL and status, ``TooLargeError`` for 413."""
        return self._ask("POST", url, json.dumps(document, allow_nan=False, separators=(",", ":")).encode())

    def get(self, url: str) -> Any:
        """As ``post``."""
        return self._ask("GET", url, None)

    def _ask(self, method: str, url: str, body: bytes | None) -> Any:
        until = time.monotonic() + self.deadline
        tries = 0
        while True:
            tries += 1
            said, wait = self._once(method, url, body, until)
            if said is None:
                return wait
            pause = FIRST_WAIT * 2.0 ** (tries - 1) if wait is None else wait
            if wait is None:
                pause = min(pause, LONGEST_WAIT)
            left = until - time.monotonic()
            if tries > self.retries or pause >= left:
                why = f"after {tries} tries" if tries > 1 else "at the first try"
                if tries <= self.retries:
                    why += f"; the next in {pause:.0f} s would be past the deadline of {self.deadline:g} s"
                raise TargetError(f"{method} {shown(url)} {said} ({why}).")
            self.wait(pause)
            self.retried += 1
            self.on_retry()

    def _once(self, method: str, url: str, body: bytes | None, until: float) -> tuple[str | None, Any]:
        """Either ``None`` and the answer, or what went wrong and how long the server wants to be left alone."""
        import urllib3

        left = max(0.05, until - time.monotonic())
        seconds = min(self.timeout, left)
        try:
            response = self._connections().request(
                method,
                url,
                body=body,
                headers={
                    "content-type": "application/json",
                    "accept": "application/json",
                    "user-agent": f"violet/{__version__}",
                    **dict(self.headers),
                },
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.LocationParseError as error:
            raise UsageError(f"{shown(url)} is no URL.") from error
        except urllib3.exceptions.SSLError as error:
            raise TargetError(f"{method} {shown(url)}: the connection is not trusted: {error}.") from error
        except urllib3.exceptions.NewConnectionError as error:  # which is a timeout by descent
            return f"failed: {_reason(error)}", None
        except urllib3.exceptions.TimeoutError:
            return f"did not answer within {seconds:g} s", None
        except urllib3.exceptions.HTTPError as error:
            return f"failed: {_reason(error)}", None
        try:
            content = self._content(response, min(until, time.monotonic() + self.timeout), method, url)
        except urllib3.exceptions.TimeoutError:
            response.close()
            return f"did not finish its answer within {seconds:g} s", None
        except urllib3.exceptions.HTTPError as error:
            response.close()
            return f"broke off its answer: {_reason(error)}", None
        response.release_conn()
        return self._judged(response, content, method, url)

    def _judged(self, response: Any, content: bytes, method: str, url: str) -> tuple[str | None, Any]:
        status = response.status
        if 200 <= status < 300:
            try:
                return None, json.loads(content)
            except (ValueError, RecursionError):
                raise TargetError(
                    f"{method} {shown(url)} answered {status} with something that is no JSON: {_excerpt(content)}"
                ) from None
        said = f"answered {status}{_excerpt(content, ': ')}"
        if status in AGAIN:
            return said, _retry_after(response.headers.get("retry-after", ""))
        if status == 413:
            raise TooLargeError(f"{method} {shown(url)} {said}")
        hint = ""
        if 300 <= status < 400:
            hint = (
                f"It points to {_excerpt(response.headers.get('location', '').encode())}; redirects are not followed."
            )
        elif status in (401, 403):
            hint = "Give a header: --option 'header=Authorization: Bearer ${NAME}', with the secret in the environment."
        raise TargetError(f"{method} {shown(url)} {said}", hint)

    def _content(self, response: Any, until: float, method: str, url: str) -> bytes:
        from urllib3.exceptions import ReadTimeoutError

        parts: list[bytes] = []
        size = 0
        while part := response.read1(1 << 16):  # what has come, without waiting for more
            size += len(part)
            if size > LARGEST:
                response.close()
                raise TargetError(f"{method} {shown(url)} answered with more than {LARGEST:,} bytes.")
            if time.monotonic() > until:
                raise ReadTimeoutError(None, url, "the answer took too long")  # type: ignore[arg-type]
            parts.append(part)
        return b"".join(parts)

    def _connections(self) -> Any:
        if self._pool is None:
            try:
                import urllib3
            except ImportError as error:
                raise MissingExtraError("Asking a model over HTTP", "test") from error
            self._pool = urllib3.PoolManager(num_pools=4, maxsize=2, retries=False, ca_certs=self.ca or None)
        return self._pool


def shown(url: str) -> str:
    """Without query and fragment, in which secrets are put."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _retry_after(text: str) -> float | None:
    """Seconds, of a number or a date (RFC 9110, section 10.2.3); ``None`` where it says nothing."""
    text = text.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError):
        return None


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    text = str(inner)
    return text.rpartition(": ")[2] if "object at 0x" in text or "Connection(" in text else text[:200]


def _excerpt(content: bytes, before: str = "", most: int = 160) -> str:
    text = " ".join(content[: 4 * most].decode("utf-8", "replace").split())
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    if not text:
        return ""
    return before + (text[:most] + "..." if len(text) > most else text)
