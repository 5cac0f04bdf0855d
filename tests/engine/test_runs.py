"""Run directories: what was reached stays, whatever happens, and what is not of this run never comes in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import Programs, await_that
from violet.domain import UsageError, VioletError
from violet.engine.runs import RunDirectory

PLAN: dict[str, Any] = {"model": "m.onnx", "seed": 0, "threat": "linf:0.03", "eps": float("inf"), "attacks": ["a", "b"]}


def begin(path: Path, plan: dict[str, Any] = PLAN, resume: bool = False) -> RunDirectory:
    return RunDirectory(str(path / "run"), plan, resume=resume)


def test_what_is_saved_is_there_in_the_next_run(tmp_path: Path) -> None:
    arrays = {
        "x": np.arange(6, dtype=np.float32).reshape(2, 3),
        "flags": np.array([True, False]),
        "empty": np.zeros((0, 4)),
        "words": np.array(["a", "bcd"]),
        "one": np.float64(3.5),
        "diagnostic.loss": np.array([np.nan, np.inf]),
    }
    facts = {"seconds": 1.5, "count": np.int64(3), "nan": float("nan"), "texts": ["ü", ""], "none": None}
    with begin(tmp_path) as run:
        assert run.load("gradient/pgd chunk 0") is None
        run.save("gradient/pgd chunk 0", arrays, facts)
        run.save("other", {}, {})
    with begin(tmp_path, resume=True) as run:
        found = run.load("gradient/pgd chunk 0")
        assert found is not None
        assert set(found[0]) == set(arrays)
        for name, value in arrays.items():
            np.testing.assert_array_equal(found[0][name], value)
            assert found[0][name].dtype == np.asarray(value).dtype
        assert found[1]["count"] == 3
        assert found[1]["texts"] == ["ü", ""]
        assert np.isnan(found[1]["nan"])
        assert run.load("other") == ({}, {})
        assert sorted(run.keys()) == ["gradient/pgd chunk 0", "other"]
        assert not run.notes


def test_keys_that_look_alike_are_apart(tmp_path: Path) -> None:
    keys = ["a/b", "a-b", "a b", "../../etc/passwd", "x" * 500, "x" * 501, ""]
    with begin(tmp_path) as run:
        for number, key in enumerate(keys):
            run.save(key, {}, {"number": number})
        for number, key in enumerate(keys):
            found = run.load(key)
            assert found is not None
            assert found[1]["number"] == number
    assert len(list((tmp_path / "run" / "results").iterdir())) == len(keys)
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_a_later_result_replaces_an_earlier_one(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        run.save("key", {"x": np.zeros(3)}, {})
        run.save("key", {"x": np.ones(3)}, {})
        found = run.load("key")
    assert found is not None
    assert found[0]["x"].sum() == 3


def test_objects_are_refused_in_both_directions(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        with pytest.raises(ValueError, match="Object arrays cannot be saved"):
            run.save("key", {"x": np.array([{}], dtype=object)}, {})
        with pytest.raises(TypeError, match="set cannot be kept as a fact"):
            run.save("key", {}, {"x": {1}})
        assert not list((tmp_path / "run" / "results").iterdir())


def test_a_pickle_in_a_result_is_not_loaded(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    with begin(tmp_path) as run:
        run.save("key", {}, {"a": 1})
        (path,) = (tmp_path / "run" / "results").iterdir()
        array = BytesIO()
        np.lib.format.write_array(array, np.array([Trap(str(trap))], dtype=object), allow_pickle=True)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("x.npy", array.getvalue())
        assert run.load("key") is None
        assert "Object arrays cannot be loaded" in run.notes[0]
    assert not trap.exists()
    array.seek(0)
    np.lib.format.read_array(array, allow_pickle=True)
    assert trap.exists(), "it would have been sprung"


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


@pytest.mark.parametrize("cut", [0, 1, 100, 0.3, 0.9, "flip", "swap"])
def test_damaged_results_are_done_again_with_a_note(tmp_path: Path, cut: float | str) -> None:
    with begin(tmp_path) as run:
        run.save("key", {"x": np.arange(1000)}, {"a": 1})
        (path,) = (tmp_path / "run" / "results").iterdir()
        data = bytearray(path.read_bytes())
        if cut == "swap":
            run.save("other", {}, {})
            path.write_bytes(next(p for p in path.parent.iterdir() if p != path).read_bytes())
        elif cut == "flip":
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        else:
            assert isinstance(cut, (int, float))
            path.write_bytes(data[: int(cut * len(data)) if isinstance(cut, float) else cut])
        assert run.load("key") is None
        assert len(run.notes) == 1
        assert str(path) in run.notes[0]
        assert "done again" in run.notes[0]
        run.save("key", {"x": np.arange(1000)}, {"a": 1})
        assert run.load("key") is not None


def test_another_plan_is_refused_with_its_differences(tmp_path: Path) -> None:
    with begin(tmp_path):
        pass
    other = {**PLAN, "seed": 1, "attacks": ["a"], "new": True}
    del other["model"]
    with pytest.raises(UsageError) as caught, begin(tmp_path, other, resume=True):
        pass
    assert caught.value.what == (
        f'The run in {tmp_path / "run"} is another one: model was "m.onnx" and is not given; seed was 0 and is 1;'
        ' attacks was ["a", "b"] and is ["a"]; new was not given and is true.'
    )
    with begin(tmp_path, dict(reversed(PLAN.items())), resume=True):
        pass


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    with begin(tmp_path):
        pass
    with pytest.raises(UsageError, match="holds a run already") as caught, begin(tmp_path):
        pass
    assert "--resume" in caught.value.hint


def test_resuming_what_never_began_begins_it(tmp_path: Path) -> None:
    with begin(tmp_path, resume=True) as run:
        run.save("key", {}, {})
    assert (tmp_path / "run" / "plan.json").exists()


def test_other_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"is no run directory: it holds 'thesis\.tex'"), begin(tmp_path):
        pass
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"thesis.tex"}
    (tmp_path / "file").touch()
    with pytest.raises(VioletError, match="cannot be used for a run"), RunDirectory(str(tmp_path / "file"), PLAN):
        pass


def test_a_damaged_plan_is_refused(tmp_path: Path) -> None:
    with begin(tmp_path):
        pass
    for text in ("", "[]", "{"):
        (tmp_path / "run" / "plan.json").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="is damaged"), begin(tmp_path, resume=True):
            pass


def test_two_runs_do_not_share_a_directory(tmp_path: Path) -> None:
    with begin(tmp_path):
        with pytest.raises(UsageError, match=f"is in use by process {os.getpid()}"), begin(tmp_path, resume=True):
            pass
        script = (
            "import sys\nfrom violet.engine.runs import RunDirectory\nfrom violet.domain import UsageError\n"
            "try:\n    RunDirectory(sys.argv[1], {}, resume=True).__enter__()\n"
            "except UsageError as error:\n    print(error.what)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "run")], capture_output=True, text=True, check=True
        )
        assert f"is in use by process {os.getpid()}." in done.stdout
    with begin(tmp_path, resume=True):
        pass


def test_a_stop_file_asks_for_the_end_once(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        assert not run.stop_requested()
        (tmp_path / "run" / "stop").touch()
        assert run.stop_requested()
    with begin(tmp_path, resume=True) as run:
        assert not run.stop_requested()
        run.request_stop()
        assert run.stop_requested()


WRITER = """
import sys
import numpy as np
from violet.engine.runs import RunDirectory

with RunDirectory(sys.argv[1], {"seed": 0}, resume=True) as run:
    for number in range(100_000):
        run.save(f"key {number % 50}", {"x": np.full(200_000, number)}, {"number": number})
"""


def test_a_killed_run_goes_on_with_whole_results(programs: Programs, tmp_path: Path) -> None:
    script, directory = tmp_path / "writer.py", tmp_path / "run"
    script.write_text(WRITER, encoding="utf-8")
    for enough in (1, 8, 20):
        writer = programs.start(str(script), str(directory))
        await_that(lambda enough=enough: len(list((directory / "results").glob("*.npz"))) >= enough, 60)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        with RunDirectory(str(directory), {"seed": 0}, resume=True) as run:
            keys = list(run.keys())
            assert len(keys) >= enough
            for key in keys:
                found = run.load(key)
                assert found is not None
                assert (found[0]["x"] == found[1]["number"]).all()
            assert not run.notes
            assert not list((directory / "results").glob("*.part"))
