"""What in a command line or script only an attacker would write, found by pattern."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.text.document import Document

MOST_COMMANDS = 50
MOST_TOOLS = 5_000
"""Mentions of tools that are looked at; the patterns' work grows with their number."""


@dataclass(frozen=True, slots=True)
class Command:
    """One hostile command: ``kind`` is a slug, ``text`` the words that show it, ``start`` the character
    offset at which they stand."""

    kind: str
    text: str
    start: int

    @property
    def meaning(self) -> str:
        return MEANINGS[self.kind]


@dataclass(slots=True)
class ShellFacts:
    document: Document
    commands: tuple[Command, ...]


MEANINGS = {
    "download-run": "downloads a script or program and runs it",
    "decode-run": "decodes hidden text and runs it",
    "reverse-shell": "gives a remote host control of a shell",
    "destroy": "destroys files or disks",
    "persist": "installs itself to be run again later",
    "steal": "sends secrets or files away",
    "hide": "switches off protection or hides its traces",
    "privilege": "raises its privileges",
    "mine": "starts a cryptocurrency miner",
}

_SHELL = r"(?:sudo\s+(?:-\w+\s+)*)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?:ba|z|k|da|a|c|tc|fi)?sh\b"
_RUNNER = rf"(?:{_SHELL}|python[\d.]*\b(?!\s+-[mc])|perl\b|ruby\b|node\b|php\b|source\b|pwsh\b|\.\s)"
_FETCH = r"(?:curl|wget|fetch|aria2c|lwp-download)\b"

_PATTERNS: dict[str, tuple[str, ...]] = {
    "download-run": (
        rf"{_FETCH}[^\n;|]{{0,400}}\|[^\n]{{0,200}}?(?<![\w./-]){_RUNNER}",
        rf"(?:{_SHELL}\s+(?:-\w+\s+)?|\beval\s+|{_RUNNER}\s*)[\"']?(?:<\(|\$\(|`)\s*{_FETCH}",
        r"(?i)\b(?:iex|invoke-expression)\b[^\n]{0,120}(?:downloadstring|webclient|invoke-webrequest|\biwr\b|\birm\b)",
        r"(?i)(?:downloadstring|invoke-webrequest|\biwr\b|\birm\b)[^\n]{0,200}\|\s*(?:iex|invoke-expression)\b",
        r"(?i)\b(?:certutil|bitsadmin)\b[^\n]{0,60}(?:-urlcache|/transfer)[^\n]{0,200}https?:",
        r"(?i)\bmshta\s+(?:https?:|javascript:|vbscript:)|\bregsvr32\b[^\n]{0,60}/i:https?:",
    ),
    "decode-run": (
        rf"\bbase(?:64|32)\s+(?:-d|-D|--decode|-di)\b[^\n|]{{0,200}}\|[^\n]{{0,80}}?{_RUNNER}",
        rf"\bopenssl\s+(?:enc|base64)\b[^\n|]{{0,100}}-d\b[^\n|]{{0,100}}\|[^\n]{{0,80}}?{_RUNNER}",
        rf"\bxxd\s+-r[^\n|]{{0,80}}\|\s*(?:g?unzip[^\n|]*\|\s*)?{_RUNNER}",
        r"\beval\s+[\"']?\$\(\s*(?:echo|printf)\b[^\n]{1,4000}\|\s*(?:base64|xxd|rev|tr)\b",
        r"(?i)\bpowershell(?:\.exe)?\b[^\n]{0,120}\s-e(?:nc|ncodedcommand|c)?\s+[A-Za-z0-9+/=]{40,}",
        r"(?i)frombase64string\([^\n]{0,8000}\b(?:iex|invoke-expression)\b",
    ),
    "reverse-shell": (
        r"/dev/(?:tcp|udp)/[\w.$\{\}-]{1,80}/[\w$\{\}]{1,10}",
        rf"\b(?:nc|ncat|netcat)\b[^\n|;]{{0,80}}\s(?:-\w*[ec]\w*|--exec|--sh-exec)\s+[\"']?{_SHELL}",
        r"\bmkfifo\b[^\n]{1,120}\b(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b",
        r"\bsocat\b[^\n]{0,160}\bexec:[^\n]{0,40}sh\b",
        rf"\btelnet\b[^\n|]{{1,80}}\|\s*{_SHELL}\s*\|\s*telnet\b",
        r"(?i)new-object\s+(?:system\.)?net\.sockets\.tcpclient",
        r"\bperl\b[^\n]{0,40}-e[^\n]{0,80}\bSocket\b[^\n]{0,300}exec",
        r"\bsocket\.socket\([^\n]{0,400}\b(?:dup2|pty\.spawn)\b",
        r"\bruby\b[^\n]{0,40}-rsocket[^\n]{0,200}\bexec",
    ),
    "destroy": (
        (
            r"\brm\s+(?:-\w+\s+|--\S+\s+){1,4}[\"']?(?:/|~|\$HOME|\$\{HOME\}|/\*|~/\*|/(?:etc|usr|home|var|boot|bin|lib)|(?:~|\$HOME)/\.(?:ssh|aws|gnupg|kube|config))"
            r"[\"']?/?\*?(?=\s|$|;|&|\"|')"
        ),
        r"\bdd\b[^\n]{0,80}\bof=/dev/(?:sd|nvme|hd|vd|mmcblk|disk)",
        r"\bmkfs(?:\.\w+)?\s+[^\n]{0,60}/dev/",
        r":\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:",
        r">\s*/dev/(?:sd[a-z]|nvme\d|hd[a-z])\b",
        r"(?i)\b(?:vssadmin|wmic)\b[^\n]{0,40}(?:delete\s+shadows|shadowcopy\s+delete)",
        r"(?i)\bformat\s+[a-z]:\s+/\w|\bdel\s+/[sfq]\s+(?:/\w\s+)*[a-z]:\\",
        r"\bfind\s+(?:/|~|\$HOME)\s[^\n]{0,120}(?:-delete\b|-exec\s+rm\b)",
    ),
    "persist": (
        r"(?:>|tee\b)[^\n]{0,40}(?:\.ssh/authorized_keys|/etc/cron|/var/spool/cron|/etc/ld\.so\.preload)",
        (
            r"(?:>>|tee\s+-a)\s*[\"']?(?:~|\$HOME|\$\{HOME\}|/root|/home/[\w.-]+)/\.(?:bashrc|profile|bash_profile|zshrc)"
            r"[\"']?[^\n]{0,10}$(?=\n?.{0,200}(?:curl|wget|base64|nc\b|/dev/tcp|python\s+-c))"
        ),
        r"\|\s*crontab\s+-|\bcrontab\s+-[^\n]{0,5}<<",
        r"(?i)\breg\s+add\b[^\n]{0,200}\\(?:run|runonce)\b|\bschtasks\s+/create\b",
        r"(?:>|tee\b|cp\b|mv\b)[^\n]{0,80}/(?:etc/systemd/system|\.config/systemd/user|Library/LaunchAgents)/\S+",
    ),
    "steal": (
        (
            rf"{_FETCH}[^\n]{{0,300}}(?:-d|-F|-T|--data(?:-\w+)?|--upload-file|--post-file|--form)[= ]?[^\n]{{0,80}}"
            r"(?:\$\(\s*(?:env|printenv|cat|base64|id|whoami|hostname)|/etc/(?:passwd|shadow)|\.ssh/|\.aws/|\.env\b"
            r"|\.netrc|\.git-credentials|\.kube/|id_rsa|`(?:env|printenv|cat|id|whoami))"
        ),
        (
            rf"(?:\benv\b|\bprintenv\b|cat\s+[^\n|]{{0,60}}(?:\.ssh/|\.aws/|shadow|\.netrc|id_rsa))[^\n|]{{0,60}}"
            rf"\|[^\n]{{0,120}}(?:{_FETCH}[^\n]{{0,100}}(?:-d|-F|-T|--data|--upload)|\bnc\s)"
        ),
        r"\b(?:nslookup|dig|host|ping)\b[^\n]{0,60}(?:\$\(|`)\s*(?:whoami|hostname|id|cat|env|base64)",
        rf"{_FETCH}[^\n]{{0,200}}(?:\$\(|`)\s*(?:whoami|hostname|id|env|printenv|cat|uname)\b",
    ),
    "hide": (
        r"(?i)\bset-mppreference\b[^\n]{0,100}-disable|\badd-mppreference\b[^\n]{0,60}-exclusion",
        r"\bsetenforce\s+0\b|\bhistory\s+-c\b[^\n]{0,80}(?:;|&&)|\biptables\s+-F\b|\bunset\s+HISTFILE\b",
        r"\brm\s+[^\n]{0,40}/var/log/",
    ),
    "privilege": (
        r"\bchmod\s+(?:[ug]*\+s|[2467]7[0-7]{2})\s+/\S+|\bNOPASSWD\s*:\s*ALL\b[^\n]{0,80}",
        r"(?:>>?|tee\b)[^\n]{0,40}/etc/(?:sudoers|passwd|shadow)\b",
    ),
    "mine": (r"\bstratum\+(?:tcp|ssl)://|\bxmrig\b[^\n]{0,80}(?:-o|--url|--donate)|\bminerd\s+-[ao]\b",),
}

_HINTS = (
    "curl", "wget", "fetch", "base64", "base32", "/dev/tcp", "/dev/udp", "nc", "socat", "rm ", "dd ", "mkfs", "cron",
    "authorized_keys", "iex", "IEX", "xpression", "owershell", "openssl", "xxd", "eval", "telnet", "mkfifo", ":()",
    "chmod", "/etc/", "stratum", "xmrig", "minerd", "sudo", "reg ", "schtasks", "SCHTASKS", "systemd", "LaunchAgents",
    "certutil", "bitsadmin", "mshta", "regsvr32", "TCPClient", "TcpClient", "tcpclient", "vssadmin", "wmic", "format",
    "del ", "find ", "reference", "history", "HISTFILE", "iptables", "setenforce", "nslookup", "dig", "ping", "host",
    "printenv", "env", "perl", "ruby", "socket", "aria2c", "/dev/sd", "/dev/nvme", "Base64", "/var/log", "rc\"", "rc'",
    "profile", "minerd", "NOPASSWD",
)  # fmt: skip


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(p, re.MULTILINE)) for kind, patterns in _PATTERNS.items() for p in patterns)


@cache
def _hint() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(h) for h in sorted(set(_HINTS))))


def hostile_commands(text: str, *, depth: int = 0) -> tuple[Command, ...]:
    """Every hostile command in a script or command line, in order, one for each kind and line.

    Quoting tricks that shells remove (``c""url``, ``c\\url``, ``${IFS}``) are removed before a second look.
    Base64 that a script decodes is decoded and looked at as well.
    """
    if not _hint().search(text) and not (depth == 0 and _hint().search(_unquote(text))):
        return ()
    found: dict[tuple[str, int], Command] = {}
    cleaned = _without_comments(text[: busy_from(text)])
    for kind, pattern in _compiled():
        for match in islice(pattern.finditer(cleaned), MOST_COMMANDS):
            shown = " ".join(match.group(0).split())[:200]
            found.setdefault((kind, cleaned.count("\n", 0, match.start())), Command(kind, shown, match.start()))
    for command in _fetched_then_run(cleaned):
        found.setdefault((command.kind, cleaned.count("\n", 0, command.start)), command)
    unquoted = _unquote(cleaned)
    if unquoted != cleaned and depth < 2:
        for command in hostile_commands(unquoted, depth=2):
            if command.kind not in {c.kind for c in found.values()}:
                found[(command.kind, -1)] = command
    if depth < 1:
        for command in _in_base64(cleaned):
            found.setdefault((command.kind, cleaned.count("\n", 0, command.start)), command)
    return tuple(sorted(found.values(), key=lambda c: c.start))


def busy_from(text: str) -> int | None:
    """Where a text names more tools than are looked at; ``None`` where it does not."""
    if text.count("c") < MOST_TOOLS and text.count("-") < MOST_TOOLS:
        return None
    for number, match in enumerate(_tool().finditer(text)):
        if number == MOST_TOOLS:
            return match.start()
    return None


@cache
def _tool() -> re.Pattern[str]:
    return re.compile(
        r"curl|wget|fetch|aria2c|lwp-download|base\d\d|openssl|xxd|\bnc|netcat|socat|\brm |\bdd |(?i:iex|invoke)"
        r"|mkfifo|telnet|perl|ruby|socket|\benv|printenv|\bcat |eval|certutil|bitsadmin|powershell|dig|ping|>"
    )


@cache
def _fetched_file() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(rf"\b{_FETCH}[^\n]{{0,400}}"),
        re.compile(r"(?:-o|-O|--output(?:-document)?|-OutFile|>)[ =]*[\"']?([\w./~$\{}-]{2,120})"),
    )


def _fetched_then_run(text: str) -> list[Command]:
    """A file is fetched, and soon afterwards named as the program to run or made executable."""
    whole, target = _fetched_file()
    found: list[Command] = []
    for match in whole.finditer(text):
        for named in target.finditer(match.group(0)):
            path = named.group(1)
            start = match.start() + named.end()
            after = text[start : start + 400]
            called = re.search(
                rf"(?:;|&&|\n|\|\|)\s*(?:chmod\s+\S+\s+[\"']?|{_RUNNER}\s*[\"']?|(?:sudo|nohup|exec|start)\s+[\"']?|\./"
                rf"|[\"']?){re.escape(path)}(?=[\s;&\"'|]|$)",
                after,
            )
            if called:
                shown = " ".join(text[match.start() : start + called.end()].split())[:200]
                found.append(Command("download-run", shown, match.start()))
                break
    return found


def _without_comments(text: str) -> str:
    """Comment lines emptied (same offsets), continued lines joined, over-long lines cut short."""
    text = text.replace("\\\r\n", "   ").replace("\\\n", "  ")
    lines = text.split("\n")
    for index, line in enumerate(lines):
        stripped = line.lstrip()
        if stripped.startswith("#") or stripped[:4].lower() == "rem ":
            lines[index] = " " * len(line)
    return "\n".join(lines)


@cache
def _quoting() -> re.Pattern[str]:
    return re.compile(r"(?<=\w)(?:\"\"|''|\\(?=\w))(?=\w|\\)|(?<=\w)\^(?=\w)")


def _unquote(text: str) -> str:
    text = text.replace("${IFS}", " ").replace("$IFS$9", " ").replace("$IFS", " ")
    return _quoting().sub("", text)


@cache
def _base64_run() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")


def _in_base64(text: str) -> list[Command]:
    if "base64" not in text and "64String" not in text and " -e" not in text:
        return []
    found: list[Command] = []
    for number, match in enumerate(_base64_run().finditer(text)):
        if number > 200 or len(match.group(0)) > 1 << 20:
            break
        try:
            data = base64.b64decode(match.group(0) + "=" * (-len(match.group(0)) % 4))
        except (binascii.Error, ValueError):
            continue
        inner = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-8", "replace")
        for command in hostile_commands(inner, depth=1):
            found.append(Command(command.kind, f"in base64: {command.text}", match.start()))
    return found
