"""What standing before a model costs: Violet's guard beside nginx and LiteLLM's proxy, in front of the same fast model.

    .venv/bin/python benchmarks/guard.py [--seconds 10] [--rounds 3] [--only nginx,guard-off] [--apart]

Needs wrk and nginx (Debian: apt-get install wrk nginx); what is missing is said and left out. One worker everywhere, 16
connections, 450 bytes of body, no two rows alike. In each round every contender is measured once, one after the other,
and the medians are shown: what another process does to the machine meanwhile is done to all of them.

First a closed loop (wrk): requests a second at saturation. Then an open loop at half of what the slowest of Violet's
ways can do: what a request is delayed by, counted from when it was due. CPU seconds are of the contender's processes
(its children included), for each 1,000 requests; memory is resident, after the runs.

With ``--apart`` the processes that serve have the first core to themselves; the model, the load and the guard's judge
share the others. That is what standing in the way costs where processors are not what is short.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from guard_traffic import PATH, Traffic, benign, lua  # noqa: E402
from peers import environment  # noqa: E402

CONNECTIONS = 16
VIOLET = str(Path(sys.executable).parent / "violet")
LITELLM = "litellm[proxy]==1.108.7"


@dataclass
class Contender:
    """``begin`` starts it on a port, in front of the model on another, with a directory of its own."""

    name: str
    begin: Callable[[int, int, Path], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    missing: str = ""
    rates: list[float] = field(default_factory=list)
    closed: list[tuple[float, float]] = field(default_factory=list)
    opened: list[dict[str, float]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: float = 0.0
    errors: int = 0


def own(role: str, *more: str) -> Callable[[int, int, Path], subprocess.Popen[bytes]]:
    def begin(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, __file__, "--role", role, "--port", str(port), "--model", str(model), *more]
        return start(command, folder, role)

    return begin


def start(command: Sequence[str], folder: Path, name: str, **environ: str) -> subprocess.Popen[bytes]:
    log = (folder / f"{name}.log").open("wb")
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **threads, **environ}, cwd=folder
    )


def begin_model(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
    return start([sys.executable, str(HERE / "guard_model.py"), str(port)], folder, "model")


def begin_nginx(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
    if shutil.which("nginx") is None:
        raise FileNotFoundError("nginx is not installed")
    (folder / "nginx.conf").write_text(
        f"""worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream model {{ server 127.0.0.1:{model}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} backlog=1024;
    location / {{ proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""
    )
    return start(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.error")], folder, "nginx")


def begin_litellm(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
    """Its pass-through endpoint: the same request goes to the same model. In an environment of its own."""
    binaries = environment("litellm", (LITELLM,))
    (folder / "litellm.yaml").write_text(
        f"""model_list: []
general_settings:
  dangerously_permit_weak_or_unset_master_key: true
  pass_through_endpoints:
    - path: "{PATH}"
      target: "http://127.0.0.1:{model}{PATH}"
      forward_headers: true
litellm_settings:
  telemetry: false
"""
    )
    command = [f"{binaries}/litellm", "--config", str(folder / "litellm.yaml"), "--host", "127.0.0.1"]
    offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    return start([*command, "--port", str(port), "--num_workers", "1"], folder, "litellm", **offline)


def profile(folder: Path) -> str:
    """A profile of benign traffic, as a user makes it."""
    benign(folder / "benign.csv")
    made = str(folder / "benign.profile")
    command = [VIOLET, "profile", str(folder / "benign.csv"), "-o", made, "--score", "score", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def violet_guard_command(port: int, model: int, folder: Path) -> list[str]:
    """The command line of the guard with its default detectors on, as a user types it. With a profile of benign
    traffic, so that none is left out for want of one."""
    profile(folder)
    return [
        VIOLET,
        "guard",
        "--upstream",
        f"http://127.0.0.1:{model}",
        "--model",
        "credit-risk",
        "--profile",
        str(folder / "benign.profile"),
        "--listen",
        f"127.0.0.1:{port}",
        "--state",
        str(folder / "state"),
        "--isolated",
    ]


def begin_guard(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
    return start(violet_guard_command(port, model, folder), folder, "guard")


def begin_middleware(port: int, model: int, folder: Path) -> subprocess.Popen[bytes]:
    """With its default detectors, judging in a process beside it."""
    return own("middleware-on", "--profile", profile(folder))(port, model, folder)


CONTENDERS = (
    Contender("direct", begin_model),
    Contender("nginx", begin_nginx),
    Contender("litellm", begin_litellm),
    Contender("guard-off", own("proxy")),
    Contender("guard-tickets", own("tickets")),
    Contender("guard-on", begin_guard),
    Contender("application", own("application")),
    Contender("middleware", own("middleware")),
    Contender("middleware-on", begin_middleware),
)
ABOUT = {
    "direct": "the model alone",
    "nginx": "nginx as a reverse proxy",
    "litellm": "LiteLLM's proxy, pass-through endpoint",
    "guard-off": "Violet's proxy, no hooks",
    "guard-tickets": "the same, every body and answer collected and shown to hooks that do nothing",
    "guard-on": "violet guard, default detectors",
    "application": "an ASGI model server in one process, alone",
    "middleware": "the same inside GuardMiddleware with hooks that do nothing",
    "middleware-on": "the same inside GuardMiddleware with a profile: default detectors, in a process beside it",
}


# what runs in the processes of the contenders


class Nothing:
    """Hooks that want to see everything and say nothing."""

    def opened(self, request: Any) -> Any:
        from violet.runtime.hooks import Ticket

        return Ticket(request, 0.0, body_limit=1 << 20, answer_limit=1 << 20)

    def asked(self, ticket: Any, body: bytes) -> None:
        return None

    def answered(self, ticket: Any, status: int, headers: Any, body: bytes) -> None:
        return None

    def done(self, ticket: Any, status: int, headers: Any, body: bytes, complete: bool, seconds: float) -> None:
        return None


async def application(scope: Any, receive: Any, send: Any) -> None:
    """A model server that reads its body and answers."""
    from guard_model import BODY

    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def play(role: str, port: int, model: int, known: str) -> None:
    from violet.faces.gateway.server import GatewayOptions, serve
    from violet.runtime import GuardMiddleware
    from violet.runtime.proxy import Proxy, ProxyOptions, Upstream

    def make(number: int) -> Any:
        if role == "application":
            return application
        if role == "middleware":
            return GuardMiddleware(application, hooks=Nothing())
        if role == "middleware-on":
            return GuardMiddleware(application, model="credit-risk", profile=known)
        hooks = Nothing() if role == "tickets" else None
        return Proxy(ProxyOptions((Upstream(f"http://127.0.0.1:{model}"),)), hooks)

    serve(make, GatewayOptions(port=port), lambda address: print(address, flush=True))


# measuring


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as one:
            one.sendall(Traffic().request())
            return one.recv(65_536).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def used(pid: int) -> tuple[float, float]:
    """CPU seconds so far, and MiB resident."""
    seconds = memory = 0.0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        except OSError:
            continue
    return seconds, memory


def place_apart(contenders: Sequence[Contender], first: int) -> None:
    """The first core is for those who serve; whatever was started stays on the others."""
    for one in contenders:
        if one.process is None or one.name == "direct":
            continue
        for pid in family(one.process.pid):
            if b"judging" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    os.sched_setaffinity(int(thread.name), {first})


@contextmanager
def running(contenders: Sequence[Contender], folder: Path) -> Iterator[None]:
    """All of them, in front of one model. One that does not start says why in ``missing``."""
    model_port = free_port()
    model = begin_model(model_port, 0, folder)
    processes = [model]
    try:
        wait(model, model_port, 20)
        for one in contenders:
            one.port = free_port()
            place = folder / one.name
            place.mkdir()
            if one.name == "direct":
                one.process, one.port = model, model_port
                continue
            try:
                one.process = one.begin(one.port, model_port, place)
                processes.append(one.process)
                wait(one.process, one.port, 90 if one.name == "litellm" else 30)
            except (OSError, subprocess.CalledProcessError, TimeoutError) as error:
                one.missing = f"{error} {tail(place)}".strip()
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait(process: subprocess.Popen[bytes], port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not answers(port):
        if process.poll() is not None:
            raise TimeoutError(f"it ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not answer within {seconds:.0f} s")
        time.sleep(0.1)


def tail(folder: Path) -> str:
    for log in folder.glob("*.log"):
        lines = log.read_text(errors="replace").strip().splitlines()
        if lines:
            return f"({lines[-1][:160]})"
    return ""


def wrk(one: Contender, script: Path, seconds: float) -> None:
    assert one.process is not None
    before, _ = used(one.process.pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}", "--latency", "-s", str(script)]
    done = subprocess.run([*command, f"http://127.0.0.1:{one.port}"], capture_output=True, text=True, check=True)
    after, one.memory = used(one.process.pid)
    text = done.stdout
    count = int(found(r"(\d+) requests in", text))
    one.rates.append(float(found(r"Requests/sec:\s*([\d.]+)", text)))
    one.closed.append((milliseconds(found(r"\n +50%\s+(\S+)", text)), milliseconds(found(r"\n +99%\s+(\S+)", text))))
    one.cpu.append((after - before) / max(count, 1) * 1000)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    one.errors += int(wrong[1]) if wrong else 0


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"wrk did not say {pattern}: {text}")
    return match[1]


def milliseconds(text: str) -> float:
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * units[unit]


def open_loop(one: Contender, rate: float, seconds: float) -> None:
    command = [sys.executable, str(HERE / "guard_load.py"), str(one.port), f"{rate:.1f}", f"{seconds:.1f}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    one.opened.append(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run (default: 10)")
    parser.add_argument("--rounds", type=int, default=3, help="in which everyone has a turn (default: 3)")
    parser.add_argument("--only", default="", help=f"some of {', '.join(one.name for one in CONTENDERS)}")
    parser.add_argument("--rate", type=float, default=0.0, help="of the open loop, in requests a second")
    parser.add_argument("--apart", action="store_true", help="a core for those who serve, the others for all else")
    parser.add_argument("--role", default="", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--profile", default="", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.role:
        play(said.role, said.port, said.model, said.profile)
        return
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    chosen = [one for one in CONTENDERS if not said.only or one.name in said.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="violet-guard-") as name:
        folder = Path(name)
        script = folder / "requests.lua"
        lua(script)
        first, *others = sorted(os.sched_getaffinity(0))
        if said.apart:
            if not others:
                sys.exit("--apart needs two cores")
            os.sched_setaffinity(0, others)
        with running(chosen, folder):
            there = [one for one in chosen if not one.missing]
            if said.apart:
                place_apart(there, first)
            for number in range(said.rounds):
                for one in there:
                    progress(f"round {number + 1}, {one.name}: saturation")
                    wrk(one, script, said.seconds)
            rate = said.rate or half(there)
            for number in range(said.rounds):
                for one in there:
                    own_rate = min(rate, statistics.median(one.rates) / 2)
                    progress(f"round {number + 1}, {one.name}: {own_rate:.0f} a second")
                    open_loop(one, own_rate, said.seconds)
    report(chosen, rate)


def half(there: Sequence[Contender]) -> float:
    """Half of what the slowest of Violet's ways can do."""
    ours = [statistics.median(one.rates) for one in there if one.name.startswith(("guard", "middleware"))]
    return min(ours or [statistics.median(one.rates) for one in there]) / 2


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(contenders: Sequence[Contender], rate: float) -> None:
    print(machine())
    print(f"Closed loop: wrk, {CONNECTIONS} connections. Open loop: {rate:.0f} requests a second where half of the")
    print("contender's own rate is not less. Medians over the rounds; latencies in ms.\n")
    head = ("", "req/s", "of nginx", "p50", "p99", "open p50", "open p99", "added p99", "CPU s/1,000", "MiB", "errors")
    rows = [head]
    by_name = {one.name: one for one in contenders if one.rates}
    nginx = statistics.median(by_name["nginx"].rates) if "nginx" in by_name else 0.0
    for one in contenders:
        if not one.rates:
            continue
        base = by_name.get("application" if one.name.startswith("middleware") else "direct")
        speed = statistics.median(one.rates)
        p50, p99 = (statistics.median(values) for values in zip(*one.closed, strict=True))
        opened = {key: statistics.median(run[key] for run in one.opened) for key in ("p50", "p99")}
        added = opened["p99"] - statistics.median(run["p99"] for run in base.opened) if base else float("nan")
        failed = one.errors + sum(int(run["failed"]) for run in one.opened)
        rows.append(
            (
                one.name,
                f"{speed:,.0f}",
                f"{speed / nginx:.2f}" if nginx else "",
                f"{p50:.2f}",
                f"{p99:.2f}",
                f"{opened['p50']:.2f}",
                f"{opened['p99']:.2f}",
                "" if base is one or base is None or one.name == "application" else f"{added:+.2f}",
                f"{statistics.median(one.cpu):.3f}",
                f"{one.memory:.0f}",
                str(failed),
            )
        )
    widths = [max(len(row[index]) for row in rows) for index in range(len(head))]
    for index, row in enumerate(rows):
        cells = [
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print()
    for one in contenders:
        print(f"{one.name}: {ABOUT[one.name]}" + (f". Not measured: {one.missing}" if one.missing else ""))


def machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "",
    )
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("uvicorn", "uvloop", "httptools")]
    for command in (["nginx", "-v"], ["wrk", "-v"]):
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            versions.append((done.stderr + done.stdout).splitlines()[0].split("Copyright")[0].strip())
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {cpu}, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{', '.join(versions)}. Load average at the end: {load:.1f}."
    )


if __name__ == "__main__":
    main()
