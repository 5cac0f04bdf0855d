"""Tasks for the tests of spread work. They leave marks in files, so that a test sees what ran where."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from violet.domain import MissingExtraError, VioletError


def square(number: int) -> int:
    return number * number


def whoami(directory: str = "") -> int:
    if directory:
        Path(directory, str(os.getpid())).touch()
    return os.getpid()


def refuse(directory: str) -> None:
    mark(directory)
    raise VioletError("This cannot be.", "Ask for something else.")


def refuse_with_another_shape() -> None:
    """An error whose class cannot be called with what it says."""
    raise MissingExtraError("Flying", "wings")


def stumble(directory: str) -> None:
    mark(directory)
    raise KeyError("nothing here")


def leave() -> None:
    raise SystemExit(3)


def fail_twice(directory: str) -> str:
    if mark(directory) <= 2:
        raise ConnectionResetError("try again")
    return "third time lucky"


def poison(directory: str = "") -> None:
    if directory:
        mark(directory)
    os._exit(42)


def die_once(directory: str) -> str:
    if mark(directory) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "risen"


def slow(directory: str, name: str, seconds: float) -> str:
    mark(directory, name)
    time.sleep(seconds)
    return name


def wait_for(path: str, directory: str, name: str) -> str:
    """Says that it has begun, and waits until the file is there."""
    mark(directory, name)
    while not os.path.exists(path):
        time.sleep(0.01)
    return name


def threads() -> dict[str, Any]:
    import numpy as np
    import threadpoolctl

    np.ones((4, 4)) @ np.ones((4, 4))
    return {
        "pools": sorted({pool["num_threads"] for pool in threadpoolctl.threadpool_info()}),
        "variable": os.environ.get("OPENBLAS_NUM_THREADS"),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    }


def torch_threads() -> int:
    import torch

    return int(torch.get_num_threads())


def unpicklable() -> Any:
    return threading.Lock()


def shout(text: str) -> str:
    print(text, flush=True)
    os.write(1, f"{text}, straight\n".encode())
    return text


def mark(directory: str, name: str = "begun") -> int:
    """Leave a mark that names this process; how many there are of this name now."""
    Path(directory, f"{name}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return len(list(Path(directory).glob(f"{name}-*")))
