"""Fixing files: what is changed, what never is, and how it is taken back."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.sample import malicious
from tests.corpus.torch_layout import floats, legacy_checkpoint, state_dict, zip_checkpoint
from violet.actions.base import Settings
from violet.domain import UsageError
from violet.domain.fix import FixReport
from violet.services.fix import FixOptions, fix, take_back

START = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals stay in the test's own directory."""
    directory = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(directory))
    return directory


def weights() -> bytes:
    return zip_checkpoint(state_dict(fc__weight=floats(8, 16), fc__bias=floats(8)))


def contents(directory: Path) -> dict[str, str]:
    """Every path below, with its digest."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def run(*paths: Path, replace: bool = False, **options: object) -> FixReport:
    settings = Settings(replace=replace)
    return fix(FixOptions(tuple(map(str, paths)), settings=settings, **options))  # type: ignore[arg-type]


def test_a_checkpoint_is_converted_and_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(weights())
    before = contents(tmp_path)
    report = run(path, replace=True)
    assert report.exit_code == 0
    (done,) = report.fixes
    assert done.conversion is not None
    assert done.conversion.quarantined == f"{path}.quarantined"
    after = contents(tmp_path)
    assert set(after) == {"model.safetensors", "model.pth.quarantined"}
    assert after["model.safetensors"] == done.conversion.after.value  # type: ignore[union-attr]
    assert after["model.pth.quarantined"] == before["model.pth"] == done.before.value
    back = take_back(report.journal)
    assert back.exit_code == 0
    assert contents(tmp_path) == before


def test_the_command_that_reproduces_a_digest_prints_it(tmp_path: Path) -> None:
    from violet.report.fix import digest_command

    path = tmp_path / "model.pth"
    path.write_bytes(weights())
    conversion = run(path).fixes[0].conversion
    assert conversion is not None
    for tensor in conversion.tensors:
        assert tensor.source_offset is not None
        for file, offset in ((str(path), tensor.source_offset), (conversion.target, tensor.offset)):
            ended = subprocess.run(
                ["sh", "-c", digest_command(file, offset, tensor.size)], capture_output=True, text=True
            )
            assert ended.stdout.split()[0] == tensor.digest


def test_a_rehearsal_changes_nothing(tmp_path: Path, state: Path) -> None:
    (tmp_path / "model.pth").write_bytes(weights())
    (tmp_path / "load.py").write_text("import torch\ntorch.load('model.pth')\n")
    before = contents(tmp_path)
    report = run(tmp_path, dry_run=True)
    assert len(report.fixes) == 2
    assert report.journal == ""
    assert contents(tmp_path) == before
    assert not any(state.iterdir())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every malicious sample, each in a directory of its own."""
    directory = tmp_path_factory.mktemp("corpus")
    for number, sample in enumerate(malicious()):
        if sample.available():
            place = directory / f"{number:03d}"
            place.mkdir()
            sample.build(place)
    return directory


def test_no_malicious_sample_is_converted(corpus: Path) -> None:
    before = contents(corpus)
    assert len(before) > 200
    report = run(corpus, replace=True, only=("convert",))
    assert report.fixes == ()
    assert contents(corpus) == before
    assert report.exit_code == 1
    pickles = {item.path for item in report.unfixed}
    assert len(pickles) > 100
    assert all(item.reason for item in report.unfixed)


def test_a_malicious_sample_under_any_name_is_not_converted(corpus: Path, tmp_path: Path) -> None:
    """The name decides whether a file is looked at, and content what it is: all of them as checkpoints."""
    for number, path in enumerate(sorted(p for p in corpus.rglob("*") if p.is_file() and not p.is_symlink())):
        (tmp_path / f"{number}.pt").write_bytes(path.read_bytes())
    before = contents(tmp_path)
    report = run(tmp_path, replace=True, only=("convert",))
    assert report.fixes == ()
    assert contents(tmp_path) == before


def test_a_target_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(weights())
    (tmp_path / "model.safetensors").write_bytes(b"precious")
    report = run(path)
    assert "exists already" in report.unfixed[0].reason
    assert (tmp_path / "model.safetensors").read_bytes() == b"precious"


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "model.pth").write_bytes(weights())
    (outside / "load.py").write_text("import torch\ntorch.load('x')\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("model.pth", "load.py"):
        (inside / name).symlink_to(outside / name)
    (inside / "dir").symlink_to(outside)
    before = contents(outside)
    for report in (run(inside), run(inside / "model.pth"), run(inside / "load.py")):
        assert report.fixes == ()
        assert all("symbolic link" in item.reason for item in report.unfixed)
        assert report.exit_code == 1
    assert contents(outside) == before


def test_read_only_files_are_left(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("import torch\ntorch.load('x')\n")
    path.chmod(0o444)
    report = run(path)
    assert "read-only" in report.unfixed[0].reason
    assert "chmod u+w" in report.unfixed[0].advice
    assert "weights_only" not in path.read_text()


def test_rights_stay(tmp_path: Path) -> None:
    path, model = tmp_path / "load.py", tmp_path / "model.pth"
    path.write_text("import torch\ntorch.load('x')\n")
    model.write_bytes(weights())
    path.chmod(0o750)
    model.chmod(0o640)
    run(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "model.safetensors").stat().st_mode & 0o777 == 0o640


def test_a_file_with_two_names_is_not_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("import torch\ntorch.load('x')\n")
    os.link(path, tmp_path / "other.txt")
    report = run(path)
    assert "several names" in report.unfixed[0].reason
    assert "weights_only" not in path.read_text()


def test_a_change_between_proof_and_conversion_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.actions import convert_to_safetensors as action

    path = tmp_path / "model.pth"
    path.write_bytes(weights())
    original = action.apply

    def meddled(planned: object, target: object, settings: object, journal: object) -> object:
        path.write_bytes(zip_checkpoint(state_dict(fc__weight=floats(8, 17), fc__bias=floats(8))))
        return original(planned, target, settings, journal)  # type: ignore[arg-type]

    meddling = __import__("dataclasses").replace(action.ACTION, apply=meddled)
    monkeypatch.setattr("violet.services.fix.actions", lambda: {meddling.id: meddling})
    report = run(path, replace=True)
    assert report.fixes == ()
    assert "changed" in report.unfixed[0].reason
    assert {p.name for p in tmp_path.iterdir()} == {"model.pth"}


def test_the_same_bytes_written_again_are_refused_too(tmp_path: Path) -> None:
    """Whoever writes the file at the same time may write anything."""
    from violet.actions.base import Target, actions
    from violet.actions.journal import Journal
    from violet.services.fix import examine

    path = tmp_path / "model.pth"
    path.write_bytes(weights())
    action = actions()["convert-to-safetensors"]
    target, settings = Target(str(path), "model.pth", path.stat().st_size), Settings()
    answer = json.loads(json.dumps(examine([action.id, action.payload(target, settings)])))
    (planned,) = action.plan(target, answer, settings).planned
    time.sleep(0.01)
    path.write_bytes(path.read_bytes())
    done = action.apply(planned, target, settings, Journal(str(tmp_path / "journals")))
    assert "changed" in done.reason  # type: ignore[union-attr]
    assert not (tmp_path / "model.safetensors").exists()


def test_a_worker_that_lies_about_a_source_is_not_believed(tmp_path: Path) -> None:
    from violet.actions import rewrite_loading
    from violet.actions.base import Target

    path = tmp_path / "load.py"
    path.write_text("import torch\ntorch.load('x')\n")
    target = Target(str(path), "load.py", path.stat().st_size)
    answer = rewrite_loading.examine([str(path), False])
    answer["edits"][0][2] = "; import os"
    with pytest.raises(ValueError, match="something else"):
        rewrite_loading.plan(target, answer, Settings())


def test_what_was_changed_since_is_not_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("import torch\ntorch.load('x')\n")
    report = run(path)
    path.write_text(path.read_text() + "# mine\n")
    back = take_back(report.journal)
    assert back.exit_code == 1
    assert "changed after" in back.unfixed[0].reason
    assert "# mine" in path.read_text()


@pytest.mark.parametrize("text", ["", "{}", "[]\n", '{"journal": "violet fix", "version": 2}\n', "\x00\x01", "9" * 100])
def test_what_is_no_journal_is_a_usage_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match="no journal"):
        take_back(str(path))
    with pytest.raises(UsageError):
        take_back(str(tmp_path / "none"))


def test_a_journal_cannot_reach_outside_its_directory(tmp_path: Path) -> None:
    victim, secret = tmp_path / "victim.py", tmp_path / "secret"
    victim.write_text("new")
    secret.write_text("secret")
    directory = tmp_path / "journal"
    directory.mkdir()
    digest = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("new", "secret")}
    entry = {
        "operation": "replace",
        "path": str(victim),
        "before": digest["secret"],
        "after": digest["new"],
        "kept": "../secret",
    }
    lines = [{"journal": "violet fix", "version": 1}, entry]
    (directory / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert take_back(str(directory)).exit_code == 1
    assert victim.read_text() == "new"


def test_an_unwritable_journal_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("import torch\ntorch.load('x')\n")
    (tmp_path / "file").write_text("")
    from violet.domain import VioletError

    with pytest.raises(VioletError, match="Nothing was changed"):
        run(path, backup=str(tmp_path / "file" / "below"))
    assert "weights_only" not in path.read_text()


def test_unknown_groups_and_missing_paths(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no kind of fix"):
        run(tmp_path, only=("all",))
    with pytest.raises(UsageError):
        run(tmp_path / "none")
    with pytest.raises(UsageError, match="nothing to fix"):
        fix(FixOptions(()))


def test_what_cannot_be_read_is_not_examined(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("print 'Python 2'\n")
    (tmp_path / "notebook.ipynb").write_text("{")
    report = run(tmp_path)
    assert report.exit_code == 3
    assert len(report.unexamined) == 2


# -- interruptions -----------------------------------------------------------------------------------


def _limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, state: Path) -> None:
    model = tmp_path / "model.pth"
    model.write_bytes(zip_checkpoint(state_dict(fc__weight=floats(400, 160))))
    (tmp_path / "load.py").write_text("import torch\n" + "torch.load('x')\n" * 2_000)
    before = contents(tmp_path)
    command = [*START, "fix", str(tmp_path), "--replace", "--format", "json", "--isolated"]
    ended = subprocess.run(command, capture_output=True, text=True, preexec_fn=_limit_file_size)
    report = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert report["fixes"] == []
    assert {Path(item["path"]).name for item in report["unfixed"]} == {"model.pth", "load.py"}
    assert all("too large" in item["reason"] for item in report["unfixed"])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("delay", [0.15, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7])
def test_a_killed_run_leaves_every_file_old_or_new(tmp_path: Path, state: Path, delay: float) -> None:
    old: dict[str, bytes] = {}
    for number in range(30):
        name = f"load{number:02d}.py"
        (tmp_path / name).write_text(f"import torch\nmodel = torch.load('{number}')\n" + "# text\n" * 2_000)
        old[name] = (tmp_path / name).read_bytes()
        np.save(tmp_path / f"a{number:02d}.npy", np.array({"w": np.ones(1_000)}, dtype=object))
        old[f"a{number:02d}.npy"] = (tmp_path / f"a{number:02d}.npy").read_bytes()
    process = subprocess.Popen([*START, "fix", str(tmp_path), "--replace", "--isolated"], stdout=subprocess.DEVNULL)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for name, content in old.items():
        path = tmp_path / name
        if name.endswith(".npy"):
            aside = tmp_path / f"{name}.quarantined"
            assert content in [p.read_bytes() for p in (path, aside) if p.exists()]
            made = path.with_suffix(".safetensors")
            if made.exists():
                from safetensors.numpy import load_file

                assert load_file(made)["w"].tolist() == [1.0] * 1_000
        else:
            assert path.read_bytes() in (content, content.replace(b"')\n", b"', weights_only=True)\n", 1))
    journals = list(state.rglob("journal.jsonl"))
    if journals:
        assert take_back(str(journals[0])).exit_code == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_other_layouts(tmp_path: Path) -> None:
    (tmp_path / "old.pth.tar").write_bytes(legacy_checkpoint({"state_dict": state_dict(w=floats(2)), "epoch": 3}))
    (tmp_path / "weights").write_bytes(pickle.dumps({"w": np.ones(3)}))
    report = run(tmp_path)
    assert report.exit_code == 0
    assert {p.name for p in tmp_path.iterdir()} == {"old.pth.tar", "old.safetensors", "weights", "weights.safetensors"}
    assert report.fixes[0].conversion is not None
    assert report.fixes[0].conversion.plain == (("epoch", "3"),)


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """Both would become the same file: the first does, the second is left."""
    (tmp_path / "model.pt").write_bytes(weights())
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"w": np.ones(3)}))
    report = run(tmp_path)
    assert len(report.fixes) == 1
    assert "model.safetensors" in report.unfixed[0].reason
    assert report.exit_code == 1
