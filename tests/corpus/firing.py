"""Prove that samples are real: load each one as its victim would, and see whether the payload ran.

`fire()` starts one fresh interpreter (isolated mode, bare environment, temporary working directory) that
forks a child for every sample, so that samples cannot disturb each other and heavy libraries are imported
once. A sample fired when its marker file exists, or its victim file is gone, after the load; whether the load
itself raised does not matter, the payload ran before.

Run as a program, it reads jobs as JSON from standard input; it must not import anything of this package.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .sample import Sample

SECONDS_PER_SAMPLE = 20.0
MARKER = "violet_marker"
VICTIM = "violet_victim"
HEAVY = {
    "numpy": ("numpy",),
    "joblib": ("joblib",),
    "scipy": ("scipy.optimize", "scipy.io"),
    "sklearn": ("sklearn.linear_model", "sklearn.preprocessing", "sklearn.datasets"),
    "pandas": ("pandas",),
    "skops": ("skops.io",),
    "jinja2": ("jinja2",),
    "keras": ("keras",),
    "torch": ("torch",),
}


@dataclass(frozen=True, slots=True)
class Shot:
    """What loading one sample did: whether the payload ran, and how the load ended (an error or "returned")."""

    name: str
    fired: bool
    ending: str


def _load_pickle(path: Path) -> object:
    import pickle

    with path.open("rb") as stream:
        return pickle.load(stream)


def _load_pickle_python(path: Path) -> object:
    import pickle

    with path.open("rb") as stream:
        return pickle._Unpickler(stream).load()


def _load_pickle_latin1(path: Path) -> object:
    import pickle

    with path.open("rb") as stream:
        return pickle.load(stream, encoding="latin1")


def _load_pickle_repeatedly(path: Path) -> object:
    """Load stream after stream until the file ends, as readers of appended pickles do."""
    import pickle

    loaded = []
    with path.open("rb") as stream:
        while True:
            try:
                loaded.append(pickle.load(stream))
            except EOFError:
                return loaded


def _load_pickle_beside(path: Path) -> object:
    """Load a model from its own directory, with that directory importable, as a script beside it would."""
    os.chdir(path.parent if path.is_file() else path)
    sys.path.insert(0, os.getcwd())
    return _load_pickle(path if path.is_file() else path / "model.pkl")


def _load_pickle_buffers(path: Path) -> object:
    import pickle

    with path.open("rb") as stream:
        return pickle.load(stream, buffers=[b"weights"])


def _load_joblib(path: Path) -> object:
    import joblib

    if path.is_dir():
        os.chdir(path)
        path = path / "model.joblib"
    return joblib.load(path)


def _load_numpy(path: Path) -> object:
    import numpy as np

    loaded = np.load(path, allow_pickle=True)
    return [loaded[name] for name in loaded] if hasattr(loaded, "files") else loaded


def _load_numpy_latin1(path: Path) -> object:
    import numpy as np

    return np.load(path, allow_pickle=True, encoding="latin1")


def _load_pandas(path: Path) -> object:
    import pandas as pd

    return pd.read_pickle(path)


def _load_dill(path: Path) -> object:
    import dill

    with path.open("rb") as stream:
        return dill.load(stream)


def _load_cloudpickle(path: Path) -> object:
    import cloudpickle

    with path.open("rb") as stream:
        return cloudpickle.load(stream)


def _load_torch(path: Path) -> object:
    torch = importlib.import_module("torch")
    return torch.load(path, weights_only=False)


def _load_torch_package(path: Path) -> object:
    importer = importlib.import_module("torch.package").PackageImporter(str(path))
    return importer.load_pickle("model", "model.pkl")


def _load_keras(path: Path) -> object:
    import keras

    return keras.saving.load_model(path, safe_mode=False)


def _load_keras_safe(path: Path) -> object:
    import keras

    return keras.saving.load_model(path)


def _load_skops(path: Path) -> object:
    import skops.io

    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def _render_chat_template(path: Path) -> object:
    """Render a chat template without a sandbox, as vulnerable serving stacks did (CVE-2024-34359)."""
    import jinja2

    if path.is_dir():
        path = next(iter(sorted(path.iterdir())))
    if path.suffix == ".json":
        template = json.loads(path.read_text())["chat_template"]
        if isinstance(template, list):
            template = template[0]["template"]
    elif path.suffix == ".gguf":
        template = _gguf_template(path)
    else:
        template = path.read_text()
    messages = [{"role": "user", "content": "hello"}]
    return jinja2.Environment().from_string(template).render(messages=messages, bos_token="<s>")


def _gguf_template(path: Path) -> str:
    import gguf

    field = gguf.GGUFReader(path).fields["tokenizer.chat_template"]
    return bytes(field.parts[field.data[0]]).decode()


def _extract_tar(path: Path) -> object:
    import tarfile

    Path("extracted").mkdir()
    with tarfile.open(path) as archive:
        options: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall("extracted", **options)
    return None


def _unzip_and_load(path: Path) -> object:
    """Unpack an archive with the standard library and load every file in it that loads."""
    shutil.unpack_archive(path, "extracted", "zip")
    for member in sorted(Path("extracted").rglob("*")):
        if member.is_file():
            with contextlib.suppress(Exception):
                _load_pickle(member)
    return None


def _open_compressed(path: Path) -> object:
    """Decompress by the file's suffix and load the pickle inside."""
    import bz2
    import gzip
    import lzma
    import pickle

    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".lzma": lzma.open}
    with openers[path.suffix](path) as stream:
        return pickle.load(io.BytesIO(stream.read()))


def _open_7z(path: Path) -> object:
    py7zr = importlib.import_module("py7zr")
    with py7zr.SevenZipFile(path) as archive:
        archive.extractall("extracted")
    for member in sorted(Path("extracted").rglob("*.*")):
        _load_pickle(member)
    return None


def _run_python(path: Path) -> object:
    import runpy

    return runpy.run_path(str(path))


def _run_remote_code(path: Path) -> object:
    """Import the module that a configuration's auto_map names, as `trust_remote_code=True` does."""
    names = ("config.json", "tokenizer_config.json", "processor_config.json", "adapter_config.json")
    config = next(path / name for name in names if (path / name).is_file())
    reference = next(iter(json.loads(config.read_text())["auto_map"].values()))
    reference = next(item for item in reference if item) if isinstance(reference, list) else reference
    sys.path.insert(0, str(path))
    return importlib.import_module(str(reference).rpartition(".")[0])


def _load_mlflow(path: Path) -> object:
    """Import the loader module an MLmodel file names, its code directory on the path, as pyfunc does."""
    import yaml

    flavor = yaml.safe_load((path / "MLmodel").read_text())["flavors"]["python_function"]
    code = flavor.get("code")
    if code:
        sys.path.insert(0, str(path / code))
    module = importlib.import_module(flavor["loader_module"])
    return module._load_pyfunc(str(path / flavor.get("data", "")))


LOADERS: dict[str, Callable[[Path], object]] = {
    "pickle": _load_pickle,
    "pickle-python": _load_pickle_python,
    "pickle-latin1": _load_pickle_latin1,
    "pickle-repeat": _load_pickle_repeatedly,
    "pickle-beside": _load_pickle_beside,
    "pickle-buffers": _load_pickle_buffers,
    "joblib": _load_joblib,
    "numpy": _load_numpy,
    "numpy-latin1": _load_numpy_latin1,
    "pandas": _load_pandas,
    "dill": _load_dill,
    "cloudpickle": _load_cloudpickle,
    "torch": _load_torch,
    "torch-package": _load_torch_package,
    "keras": _load_keras,
    "keras-safe": _load_keras_safe,
    "skops": _load_skops,
    "jinja": _render_chat_template,
    "tar": _extract_tar,
    "unzip": _unzip_and_load,
    "compressed": _open_compressed,
    "7z": _open_7z,
    "python": _run_python,
    "remote-code": _run_remote_code,
    "mlflow": _load_mlflow,
}


def fire(samples: Iterable[Sample], directory: Path, interpreter: str = sys.executable) -> dict[str, Shot]:
    """Build the samples below `directory`, load each in a child of a fresh interpreter, tell what happened."""
    jobs = []
    for number, sample in enumerate(samples):
        home = directory / f"{number:04d}"
        work = home / "work"
        work.mkdir(parents=True)
        (home / "built").mkdir()
        path = sample.build(home / "built")
        jobs.append(
            {
                "name": sample.name,
                "path": str(path),
                "loader": sample.loader,
                "work": str(work),
                "needs": " ".join(sample.needs),
            }
        )
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "numpy"),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    finished = subprocess.run(
        [interpreter, "-I", "-W", "ignore", __file__],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env=environment,
        cwd=directory,
        check=True,
        timeout=600,
    )
    return {shot["name"]: Shot(**shot) for shot in json.loads(finished.stdout)}


def _shoot(job: dict[str, str]) -> dict[str, object]:
    work = Path(job["work"])
    (work / VICTIM).write_text("delete me")
    pid = os.fork()
    if pid == 0:
        _child(job, work)
    ending = _wait(pid)
    note = work.parent / "ending"
    if note.exists():
        ending = note.read_text()
    return {"name": job["name"], "fired": _fired(pid, work), "ending": ending}


def _fired(group: int, work: Path) -> bool:
    """Look for the effect; processes that the payload left running get two seconds to have it."""
    for _ in range(40):
        if any(work.glob(f"{MARKER}*")) or not (work / VICTIM).exists():
            return True
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
    return False


def _child(job: dict[str, str], work: Path) -> None:
    ending = "died"
    note = work.parent / "ending"
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        os.chdir(work)
        os.environ["VIOLET_MARKER"] = str(work / MARKER)
        loaded = LOADERS[job["loader"]](Path(job["path"]))
        ending = "returned"
        del loaded
    except BaseException as error:
        ending = f"{type(error).__name__}: {str(error)[:300]}"
    with contextlib.suppress(BaseException):
        note.write_text(ending)
    with contextlib.suppress(BaseException):
        gc.collect()
        for thread in threading.enumerate():  # a payload may be at work in one that the load has started
            if thread is not threading.current_thread():
                thread.join(1.0)
        atexit._run_exitfuncs()
    os._exit(0)


def _wait(pid: int) -> str:
    deadline = time.monotonic() + SECONDS_PER_SAMPLE
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return f"exit status {status}"
        signal.sigtimedwait([signal.SIGCHLD], 0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "killed: took too long"


def _preload(jobs: list[dict[str, str]]) -> None:
    """Import once the large libraries that several children need; a child forked later starts with them."""
    wanted = {module for job in jobs for module in job["needs"].split()} | {job["loader"] for job in jobs}
    for package in wanted.intersection(HEAVY):
        for module in HEAVY[package]:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    jobs = json.loads(sys.stdin.read())
    light = [job for job in jobs if not job["needs"]]
    heavy = [job for job in jobs if job["needs"]]
    shots = [_shoot(job) for job in light]
    _preload(heavy)
    gc.freeze()  # a collection in a child must not copy the pages of every imported library
    json.dump(shots + [_shoot(job) for job in heavy], sys.stdout)


if __name__ == "__main__":
    sys.modules.setdefault("__mp_main__", types.ModuleType("__mp_main__"))
    main()
