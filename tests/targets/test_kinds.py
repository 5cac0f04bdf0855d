"""Models of every library, opened by their content and asked: they answer what the library itself answers."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from tests.targets.conftest import Sample, vectors
from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, Offers, TargetError, TargetSpec
from violet.targets.data import load_data
from violet.targets.kinds import KINDS, kind_of, needs_trust
from violet.targets.opening import open_target

ALL = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
CLASSES = ("0", "1", "2")


def opened(path: Path, domain: InputDomain | None = None, names: tuple[str, ...] = CLASSES, **options: str) -> Any:
    spec = TargetSpec(str(path), options=tuple(options.items()))
    return open_target(spec, domain or vectors(), len(names), names=names)


@pytest.fixture(scope="session")
def boosters(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    """Files by kind of content, with the probabilities that the library itself gives. None has its usual suffix."""
    import catboost
    import lightgbm
    import xgboost

    where = tmp_path_factory.mktemp("boosters")
    x, y = sample.x, sample.y
    xgb = xgboost.XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1).fit(x, y)
    xgb.save_model(where / "xgb.json")
    xgb.save_model(where / "xgb.ubj")
    lgb = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(x, y)
    lgb.booster_.save_model(where / "lgb.txt")
    cat = catboost.CatBoostClassifier(iterations=5, verbose=0, thread_count=1, allow_writing_files=False).fit(x, y)
    cat.save_model(where / "cat.cbm")
    cat.save_model(where / "cat.json", format="json")
    answers = {"xgb": xgb.predict_proba(x), "lgb": lgb.predict_proba(x), "cat": cat.predict_proba(x)}
    found = {}
    for path in sorted(where.iterdir()):
        nameless = path.with_name(path.name.replace(".", "-"))
        path.rename(nameless)
        found[nameless.name] = (nameless, answers[nameless.name[:3]])
    return found


@pytest.mark.parametrize("name", ["xgb-json", "xgb-ubj", "lgb-txt", "cat-cbm", "cat-json"])
def test_boosters_answer_as_their_library_does(
    boosters: dict[str, tuple[Path, Any]], name: str, sample: Sample
) -> None:
    path, expected = boosters[name]
    target = opened(path)
    assert target.offers == ALL
    assert np.allclose(target.scores(sample.x), expected, atol=1e-6)
    assert (target.labels(sample.x) == expected.argmax(axis=1)).all()
    assert target.counter.rows == 2 * len(sample.x)
    alone = open_target(TargetSpec(str(path)))
    assert alone.domain.shape == (4,)
    assert (alone.labels(sample.x) == expected.argmax(axis=1)).all()
    assert not needs_trust(TargetSpec(str(path)))


@pytest.mark.parametrize("name", ["xgb-json", "lgb-txt", "cat-cbm"])
def test_boosters_give_logits_or_labels_where_asked(
    boosters: dict[str, tuple[Path, Any]], name: str, sample: Sample
) -> None:
    path, expected = boosters[name]
    logits = opened(path, outputs="logits")
    assert logits.offers == Offers.LABELS | Offers.SCORES
    raised = np.exp(logits.scores(sample.x))
    assert np.allclose(raised / raised.sum(axis=1, keepdims=True), expected, atol=1e-5)
    labels = opened(path, outputs="labels")
    assert labels.offers == Offers.LABELS
    assert (labels.labels(sample.x) == expected.argmax(axis=1)).all()


def test_boosters_of_two_classes_and_of_none(sample: Sample, tmp_path: Path) -> None:
    import catboost
    import lightgbm
    import xgboost

    y = sample.y == 2
    xgb = xgboost.XGBClassifier(n_estimators=4, n_jobs=1).fit(sample.x, y)
    xgb.save_model(tmp_path / "x.json")
    lgb = lightgbm.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1).fit(sample.x, y)
    lgb.booster_.save_model(tmp_path / "l.txt")
    for name, model in (("x.json", xgb), ("l.txt", lgb)):
        target = opened(tmp_path / name, names=("no", "yes"))
        assert np.allclose(target.scores(sample.x), model.predict_proba(sample.x), atol=1e-6)
    xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(sample.x, sample.y).save_model(tmp_path / "xr.json")
    lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(sample.x, sample.y).booster_.save_model(tmp_path / "lr.txt")
    regressor = catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False)
    regressor.fit(sample.x, sample.y.astype(float)).save_model(str(tmp_path / "cr.cbm"))
    for name in ("xr.json", "lr.txt", "cr.cbm"):
        with pytest.raises(TargetError, match="no classifier"):
            opened(tmp_path / name, names=("no", "yes"))


def test_xgboost_stops_at_the_best_tree(sample: Sample, tmp_path: Path) -> None:
    import xgboost

    rng = np.random.default_rng(0)
    model = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=5, n_jobs=1, max_depth=6)
    noisy = np.where(rng.random(240) < 0.4, rng.integers(0, 3, 240), sample.y)
    model.fit(sample.x[:120], noisy[:120], eval_set=[(sample.x[120:], noisy[120:])], verbose=False)
    assert model.best_iteration < 40
    model.save_model(tmp_path / "m.json")
    assert np.allclose(opened(tmp_path / "m.json").scores(sample.x), model.predict_proba(sample.x), atol=1e-6)


@pytest.mark.parametrize("kind", ["logistic", "forest", "svc", "pipeline", "ridge", "neighbours"])
def test_estimators_from_skops(kind: str, sample: Sample, tmp_path: Path) -> None:
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    words = np.array(["bird", "cat", "dog"])[sample.y]
    model: Any = {
        "logistic": LogisticRegression(),
        "forest": RandomForestClassifier(n_estimators=10, n_jobs=1, random_state=0),
        "svc": SVC(),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
        "ridge": RidgeClassifier(),
        "neighbours": NearestCentroid(),
    }[kind]
    model.fit(sample.x, words)
    path = tmp_path / "model.bin"
    skops.io.dump(model, path)
    target = opened(path, names=("dog", "cat", "bird"))
    answered = np.array(("dog", "cat", "bird"))[target.labels(sample.x)]
    assert (answered == model.predict(sample.x)).all()
    if kind == "neighbours":
        assert target.offers == Offers.LABELS  # its scores contradict its labels
    elif hasattr(model, "predict_proba"):
        assert target.offers == ALL
        assert np.allclose(target.scores(sample.x), model.predict_proba(sample.x)[:, [2, 1, 0]])
    else:
        assert Offers.PROBABILITIES not in target.offers


def test_a_pipeline_on_a_data_frame_is_given_words_by_the_schema(table: Path, tmp_path: Path) -> None:
    import pandas
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = pandas.read_csv(table)
    inputs = frame[["job", "income", "owner"]]  # another order than the file's, and a column less
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["job"]), (StandardScaler(), ["income"]), remainder="passthrough"),
        LogisticRegression(),
    ).fit(inputs, frame["risk"])
    skops.io.dump(model, tmp_path / "m.skops")
    data = load_data(table, label="risk")
    target = opened(tmp_path / "m.skops", data.domain, data.classes)
    assert np.allclose(target.scores(data.x), model.predict_proba(inputs))
    assert (np.array(data.classes)[target.labels(data.x)] == model.predict(inputs)).all()


def test_a_feature_that_the_data_lacks_is_named(table: Path, tmp_path: Path, sample: Sample) -> None:
    import pandas
    import skops.io
    from sklearn.linear_model import LogisticRegression

    frame = pandas.DataFrame(sample.x, columns=["age", "incom", "job", "owner"])
    skops.io.dump(LogisticRegression().fit(frame, sample.y == 1), tmp_path / "m.skops")
    data = load_data(table, label="risk")
    with pytest.raises(TargetError, match="a feature 'incom' that the data does not have") as caught:
        opened(tmp_path / "m.skops", data.domain, data.classes)
    assert "Did you mean 'income'?" in caught.value.diagnostics()


def test_boosters_on_words(table: Path, tmp_path: Path) -> None:
    """LightGBM and CatBoost are given the words they were trained on, in whatever order they learned them."""
    import catboost
    import lightgbm
    import pandas

    frame = pandas.read_csv(table)
    y = (frame["risk"] == "low").astype(int)
    inputs = frame.drop(columns="risk")
    data = load_data(table, label="risk")
    order = ["smith", "clerk", "farmer"]
    coded = inputs.assign(job=pandas.Categorical(inputs["job"], categories=order))
    lgb = lightgbm.LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1, min_cat_smooth=1).fit(coded, y)
    lgb.booster_.save_model(tmp_path / "l.txt")
    target = opened(tmp_path / "l.txt", data.domain, ("0", "1"))
    assert np.allclose(target.scores(data.x), lgb.predict_proba(coded))
    cat = catboost.CatBoostClassifier(iterations=8, verbose=0, thread_count=1, allow_writing_files=False)
    cat.fit(inputs, y, cat_features=["job"])
    cat.save_model(str(tmp_path / "c.cbm"))
    target = opened(tmp_path / "c.cbm", data.domain, ("0", "1"))
    assert np.allclose(target.scores(data.x), cat.predict_proba(inputs), atol=1e-6)


def test_texts_go_through_a_pipeline(tmp_path: Path) -> None:
    import skops.io
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    path = tmp_path / "d.jsonl"
    lines = [
        {"text": f"{word} thing {n}", "label": label}
        for n in range(8)
        for word, label in (("good", "up"), ("bad", "down"))
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    data = load_data(path)
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(data.x.tolist(), np.array(data.classes)[data.y])
    skops.io.dump(model, tmp_path / "m.skops")
    unknown = needs_trust(TargetSpec(str(tmp_path / "m.skops")))
    assert not unknown
    target = opened(tmp_path / "m.skops", data.domain, data.classes)
    assert (target.labels(data.x) == data.y).all()


def test_labels_decide_where_the_threshold_is_the_models_own(sample: Sample, logistic: Any) -> None:
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import FixedThresholdClassifier

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    y = sample.y == 1
    inner = LogisticRegression().fit(sample.x, y)
    model = FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.9).fit(sample.x, y)
    target = adopt(model, Opening(TargetSpec("m"), vectors(), 2))
    assert target.offers == Offers.LABELS
    assert (target.labels(sample.x) == model.predict(sample.x)).all()
    assert (model.predict(sample.x) != inner.predict(sample.x)).any()


def test_one_column_a_pair_of_classes_is_no_score(sample: Sample) -> None:
    from sklearn.svm import SVC

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    model = SVC(decision_function_shape="ovo").fit(sample.x, sample.y)
    assert model.decision_function(sample.x).shape == (240, 3)
    target = adopt(model, Opening(TargetSpec("m"), vectors(), 3))
    assert target.offers == Offers.LABELS
    assert (target.labels(sample.x) == model.predict(sample.x)).all()


def test_what_is_no_classifier_is_said(sample: Sample) -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.tree import DecisionTreeClassifier

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    opening = Opening(TargetSpec("m"), vectors(), 3)
    with pytest.raises(TargetError, match=r"no classifier.*regressor"):
        adopt(LinearRegression().fit(sample.x, sample.y), opening)
    two = MultiOutputClassifier(DecisionTreeClassifier()).fit(sample.x, np.stack([sample.y, sample.y], axis=1))
    with pytest.raises(TargetError, match="2 things at once"):
        adopt(two, opening)
    with pytest.raises(TargetError, match="not fitted"):
        adopt(DecisionTreeClassifier(), opening)
    with pytest.raises(TargetError, match="predicts nothing"):
        adopt(3, opening)
    with pytest.raises(TargetError, match="takes 4 features, and the data has 6"):
        adopt(DecisionTreeClassifier().fit(sample.x, sample.y), Opening(TargetSpec("m"), vectors(features=6), 3))
    with pytest.raises(TargetError, match="knows 2 classes, and the data has 3"):
        adopt(DecisionTreeClassifier().fit(sample.x, sample.y == 1), opening)


def test_threads_within_are_turned_off(sample: Sample) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    model = make_pipeline(RandomForestClassifier(n_estimators=3, n_jobs=2)).fit(sample.x, sample.y)
    expected = model.predict_proba(sample.x)
    target = adopt(model, Opening(TargetSpec("m"), vectors(), 3))
    assert model[-1].n_jobs == 1
    assert np.allclose(target.scores(sample.x), expected)


def test_an_outlier_detector_has_two_classes(sample: Sample) -> None:
    from sklearn.ensemble import IsolationForest

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    model = IsolationForest(n_estimators=10, random_state=0).fit(sample.x)
    target = adopt(model, Opening(TargetSpec("m"), vectors(), 2, ("-1", "1")))
    assert (np.array([-1, 1])[target.labels(sample.x)] == model.predict(sample.x)).all()


# -- which kind it is, and what is refused -----------------------------------------------------------


def test_kinds_are_told_by_content(boosters: dict[str, tuple[Path, Any]], tmp_path: Path, logistic: Any) -> None:
    liar = tmp_path / "model.onnx"
    shutil.copy(boosters["xgb-json"][0], liar)
    assert kind_of(TargetSpec(str(liar))).id == "xgboost"
    joblib.dump(logistic, tmp_path / "m.txt", compress=3)
    assert kind_of(TargetSpec(str(tmp_path / "m.txt"))).id == "sklearn"
    assert kind_of(TargetSpec("http://localhost/v2/models/m")).id == "http"
    assert kind_of(TargetSpec("package.module:predict")).id == "callable"


def test_what_is_no_target_is_one_clear_error(tmp_path: Path, table: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_target(TargetSpec(str(table)))
    assert caught.value.diagnostics().endswith(f"Kinds: {', '.join(KINDS)}.")
    with pytest.raises(UsageError, match="no such file"):
        open_target(TargetSpec(str(tmp_path / "none.onnx")))
    with pytest.raises(UsageError, match="is a directory"):
        open_target(TargetSpec(str(tmp_path)))
    with pytest.raises(UsageError, match="'tensorflow' is no kind"):
        open_target(TargetSpec("m", "tensorflow"))
    with pytest.raises(UsageError, match="is text, and no ONNX model"):
        open_target(TargetSpec(str(table), "onnx"))
    with pytest.raises(UsageError, match=r"m\.onnx: there is no such file"):
        open_target(TargetSpec("m.onnx", "onnx"))
    with pytest.raises(UsageError, match="kind onnx has no option 'factory'"):
        open_target(TargetSpec("m", "onnx", options=(("factory", "a:b"),)))
    with pytest.raises(UsageError, match="outputs=logit is not known"):
        open_target(TargetSpec("tests.targets.models:weak", options=(("outputs", "logit"),)), vectors(), 3)
    broken = tmp_path / "broken.ubj"
    broken.write_bytes(b"{L\0\0\0\0\0\0\0\x07learner{")
    with pytest.raises(TargetError, match="cannot be opened as xgboost"):
        open_target(TargetSpec(str(broken)))


class Stranger:
    """An estimator of somebody's own."""

    def fit(self) -> Stranger:
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, x: Any) -> Any:
        return (x[:, 0] > 0.5).astype(int)


def test_pickles_need_trust(tmp_path: Path, logistic: Any) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "sprung"), "w"))

    import skops.io

    (tmp_path / "liar.skops").write_bytes(pickle.dumps(Trap()))
    joblib.dump(logistic, tmp_path / "m.joblib", compress=("gzip", 3))
    skops.io.dump(Stranger().fit(), tmp_path / "stranger.skops")
    for file in (tmp_path / "liar.skops", tmp_path / "m.joblib", tmp_path / "stranger.skops"):
        assert needs_trust(TargetSpec(str(file)))
        with pytest.raises(UsageError, match="runs code that it holds") as caught:
            open_target(TargetSpec(str(file)), vectors(), 3)
        assert "--trust" in caught.value.diagnostics()
        with pytest.raises(TargetError, match="no process with limits"):
            open_target(TargetSpec(str(file), trust=True), vectors(), 3)
    assert not (tmp_path / "sprung").exists()


def test_a_skops_file_that_contradicts_itself_needs_trust(logistic: Any, tmp_path: Path) -> None:
    import zipfile

    import skops.io

    path = tmp_path / "m.skops"
    skops.io.dump(logistic, path)
    assert not needs_trust(TargetSpec(str(path)))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["schema.json"].decode()
    members["schema.json"] = text.replace("{", '{"protocol": 0, "protocol": 1, ', 1).encode()
    other = tmp_path / "n.skops"
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert needs_trust(TargetSpec(str(other)))


def test_a_missing_package_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boosters: Any) -> None:
    import builtins

    from violet.domain.errors import MissingExtraError

    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "xgboost":
            raise ModuleNotFoundError("No module named 'xgboost'", name="xgboost")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="xgboost") as caught:
        opened(boosters["xgb-json"][0])
    assert "pip install" in caught.value.diagnostics()


# -- Python objects ---------------------------------------------------------------------------------


def test_names_in_modules(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_violet.py").write_text(
        "import numpy as np\n"
        "def score(x): return np.stack([x[:, 0], 1 - x[:, 0]], axis=1)\n"
        "class Box:\n    @staticmethod\n    def words(x): return ['b' if v > .5 else 'a' for v in x[:, 0]]\n"
        "number = 3\n"
    )
    (tmp_path / "broken_violet.py").write_text("1 / 0\n")
    (tmp_path / "needs_violet.py").write_text("import nothing_of_this_name\n")
    monkeypatch.chdir(tmp_path)
    score = open_target(TargetSpec("mine_violet:score"), vectors())
    assert score.offers == ALL
    words = open_target(TargetSpec("mine_violet:Box.words"), vectors(), 2, names=("b", "a"))
    assert (words.labels(sample.x) == (sample.x[:, 0] <= 0.5)).all()
    for dotted, message in {
        "mine_violet:scor": "no 'scor' in it",
        "mine_violet:number": "predicts nothing",
        "no_such_violet:x": "no module 'no_such_violet'",
        "broken_violet:x": "cannot be imported: division by zero",
        "needs_violet:x": "needs 'nothing_of_this_name'",
    }.items():
        with pytest.raises((UsageError, TargetError), match=message):
            open_target(TargetSpec(dotted), vectors(), 2)


def test_an_estimator_in_a_module_is_one(sample: Sample) -> None:
    target = open_target(TargetSpec("tests.targets.models:weak"), vectors(), 3)
    assert target.offers == ALL


def test_the_user_names_the_outputs(sample: Sample) -> None:
    def third(x: Any) -> Any:
        return np.tile([0.2, 0.2, 0.6], (len(x), 1))

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    spec = TargetSpec("m", options=(("classes", "c, b, a"), ("name", "third")))
    target = adopt(third, Opening(spec, vectors(), 3, ("a", "b", "c")))
    assert target.name == "third"
    assert target.labels(sample.x).tolist() == [0] * 240
    with pytest.raises(TargetError, match="also has d"):
        adopt(third, Opening(spec, vectors(), 3, ("a", "b", "d")))
