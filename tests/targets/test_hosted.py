"""Models that are programs, in a process with limits: in the real one, and behind a channel that lies."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from tests.targets.conftest import Sample, vectors
from violet.domain.errors import VioletError
from violet.engine.hosted import HostedProcess
from violet.targets.base import Offers, Target, TargetError, TargetSpec
from violet.targets.data import load_data
from violet.targets.frames import decode, encode
from violet.targets.hosted import serve_model
from violet.targets.opening import open_target

NAMES = ("0", "1", "2")


class Here:
    """A channel to the same process."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer

    def ask(self, message: bytes) -> bytes:
        return self.answer(message)


def here(function: str, words: tuple[str, ...]) -> Here:
    assert function == "violet.targets.hosted:serve_model"
    return Here(serve_model(*words))


def trusted(path: Path, *options: tuple[str, str], domain: Any = None, names: tuple[str, ...] = NAMES) -> Target:
    spec = TargetSpec(str(path), trust=True, options=options)
    return open_target(spec, domain or vectors(), len(names), names=names, host=here)


def test_a_pickle_is_loaded_in_another_process(sample: Sample, logistic: Any, tmp_path: Path) -> None:
    class Marked:
        """Loading it leaves a file with the number of the process that loaded it."""

        def __reduce__(self) -> Any:
            code = (
                f"__import__('pathlib').Path({str(tmp_path / 'loaded')!r}).write_text(str(__import__('os').getpid()))"
            )
            return (eval, (f"{code} and __import__('joblib').load({str(tmp_path / 'inner')!r})",))

    joblib.dump(logistic, tmp_path / "inner")
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(Marked()))
    processes: list[HostedProcess] = []

    def host(function: str, words: tuple[str, ...]) -> HostedProcess:
        processes.append(HostedProcess(function, words))
        return processes[-1]

    target = open_target(TargetSpec(str(path), trust=True), vectors(), 3, names=NAMES, host=host)
    with processes[0] as process:
        assert isinstance(target, Target)
        assert target.offers == Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
        assert np.allclose(target.scores(sample.x), logistic.predict_proba(sample.x))
        assert (target.labels(sample.x) == logistic.predict(sample.x)).all()
        assert (target.counter.rows, target.counter.calls) == (480, 2)
        assert int((tmp_path / "loaded").read_text()) == process.pid
    with pytest.raises(VioletError, match="ended"):
        target.labels(sample.x)


def test_what_it_cannot_load_is_said(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"\x80\x04cno_such_package_violet\nModel\n.")
    with pytest.raises(TargetError, match="needs 'no_such_package_violet', which is not installed"):
        trusted(tmp_path / "m.pkl")
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(TargetError, match="a list, which predicts nothing"):
        trusted(tmp_path / "list.pkl")


def test_a_schema_and_words_travel(table: Path, tmp_path: Path) -> None:
    import pandas
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pandas.read_csv(table)
    inputs = frame.drop(columns="risk")
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough"),
        LogisticRegression(max_iter=500),
    ).fit(inputs, frame["risk"])
    joblib.dump(model, tmp_path / "m.joblib")
    data = load_data(table, label="risk")
    target = trusted(tmp_path / "m.joblib", domain=data.domain, names=data.classes)
    assert target.domain is data.domain
    assert np.allclose(target.scores(data.x), model.predict_proba(inputs))


def test_texts_and_labels_travel(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    from violet.targets.data_texts import text_domain

    texts = np.array(["good thing", "bad thing", "ä good", "so bad"], dtype=object)
    model = make_pipeline(CountVectorizer(), LinearSVC()).fit(texts, ["up", "down", "up", "down"])
    joblib.dump(model, tmp_path / "m.joblib")
    target = trusted(tmp_path / "m.joblib", ("outputs", "labels"), domain=text_domain(), names=("up", "down"))
    assert target.offers == Offers.LABELS
    assert target.labels(texts).tolist() == [0, 1, 0, 1]


def test_without_data_the_model_says_its_inputs(logistic: Any, tmp_path: Path, sample: Sample) -> None:
    joblib.dump(logistic, tmp_path / "m.joblib")
    target = open_target(TargetSpec(str(tmp_path / "m.joblib"), trust=True), host=here)
    assert target.domain.shape == (4,)
    assert (target.labels(sample.x) == logistic.predict(sample.x)).all()


def test_many_rows_go_in_parts(logistic: Any, tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("violet.targets.hosted.MOST_BYTES", 100 * 4 * 8)
    joblib.dump(logistic, tmp_path / "m.joblib")
    target = trusted(tmp_path / "m.joblib")
    assert (target.labels(sample.x) == logistic.predict(sample.x)).all()
    assert (target.counter.rows, target.counter.calls) == (240, 3)


def lying(answers: dict[str, bytes]) -> Any:
    """A host whose process answers each kind of message with these bytes."""
    proper = encode({"offers": 7, "classes": 3})

    def answer(message: bytes) -> bytes:
        header, _ = decode(message)
        return answers.get(header["do"], proper)

    return lambda function, words: Here(answer)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"scores": b"\x80\x04."}, "no answer that can be read"),
        ({"scores": encode({}, [np.zeros((2, 3))])}, "asked about 240 rows and answered 2"),
        ({"scores": encode({}, [np.full((240, 3), np.nan)])}, "NaN for 240 of 240"),
        ({"scores": encode({}, [np.zeros((240, 4))])}, r"shape \(240, 4\)"),
        ({"scores": encode({}, [np.full((240, 3), "x")])}, "no table of numbers"),
        ({"scores": encode({})}, "sent 0 arrays"),
        ({"scores": encode({"error": "boom\x1b[31m", "hint": "run"})}, r"^boom\?\[31m$"),
        ({"open": encode({"offers": 7, "classes": 10**9})}, "did not say what the model offers"),
        ({"open": encode({"offers": "all", "classes": 3})}, "did not say what the model offers"),
    ],
)
def test_what_the_process_answers_is_not_believed(
    answers: dict[str, bytes], message: str, tmp_path: Path, sample: Sample
) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(TargetError, match=message):
        open_target(
            TargetSpec(str(tmp_path / "m.pkl"), trust=True), vectors(), 3, names=NAMES, host=lying(answers)
        ).scores(sample.x)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros(239, dtype=np.int64), "asked about 240 rows and answered 239"),
        (np.full(240, 3), "answered class 3, and there are 3"),
        (np.full(240, 0.5), "0.5 where a label was expected"),
    ],
)
def test_labels_of_the_process_are_checked(answer: Any, message: str, tmp_path: Path, sample: Sample) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps([1]))
    host = lying({"labels": encode({}, [answer])})
    target = open_target(TargetSpec(str(tmp_path / "m.pkl"), trust=True), vectors(), 3, names=NAMES, host=host)
    with pytest.raises(TargetError, match=message):
        target.labels(sample.x)


def test_a_process_cannot_offer_gradients(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps([1]))
    host = lying({"open": encode({"offers": 255, "classes": 3})})
    target = open_target(TargetSpec(str(tmp_path / "m.pkl"), trust=True), vectors(), 3, names=NAMES, host=host)
    assert Offers.GRADIENTS not in target.offers


@pytest.mark.torch
def test_a_whole_torch_module_offers_scores(tmp_path: Path, sample: Sample) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(4, 3))
    torch.save(module, tmp_path / "m.pt")
    target = trusted(tmp_path / "m.pt")
    assert target.offers == Offers.LABELS | Offers.SCORES
    with torch.no_grad():
        expected = module(torch.tensor(sample.x, dtype=torch.float32)).numpy()
    assert np.allclose(target.scores(sample.x), expected, atol=1e-6)
