"""Fitted scikit-learn estimators, pickled, joblib-dumped and skops-dumped; boosters in every format they write."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .sample import Sample, write_bytes

TEXTS = ["the cat sat on the mat", "dogs chase cats", "import os is a python line", "stock prices fell"] * 6


def _data(classes: int = 3) -> tuple[Any, Any]:
    import numpy as np

    generator = np.random.RandomState(0)
    return generator.rand(60, 4), generator.randint(0, classes, 60)


def _sample(
    name: str, technique: str, content: Callable[[], bytes], needs: tuple[str, ...], loader: str = "pickle"
) -> Sample:
    return Sample(
        name=name,
        technique=technique,
        malicious=False,
        fires=False,
        build=write_bytes(name, content),
        loader=loader,
        needs=needs,
    )


def _sk(name: str, make: Callable[[], Any], protocol: int = 4) -> Sample:
    return _sample(name, "benign/scikit-learn", lambda: pickle.dumps(make(), protocol), ("sklearn",))


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(*_data())


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(5, random_state=0).fit(*_data())


def _boosting() -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=3, random_state=0).fit(*_data())


def _histogram_boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=3, loss="absolute_error").fit(*_data())


def _process() -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(1.0) * RBF() + WhiteKernel() * Matern(nu=1.5)
    return GaussianProcessRegressor(kernel, optimizer=None).fit(*_data())


def _neighbors(algorithm: str) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(3, algorithm=algorithm, metric="manhattan").fit(*_data())


def _machine() -> Any:
    from sklearn.svm import SVC

    return SVC().fit(*_data())


def _perceptron() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((4,), max_iter=3, random_state=0).fit(*_data())


def _clusters() -> Any:
    from sklearn.cluster import KMeans

    return KMeans(2, n_init=1, random_state=0).fit(_data()[0])


def _text_pipeline() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SGDClassifier(loss="log_loss", random_state=0))
    return model.fit(TEXTS, [i % 2 for i in range(len(TEXTS))])


def _counts() -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(strip_accents="unicode").fit([*TEXTS, "os.system eval exec subprocess"])


def _columns() -> Any:
    import numpy as np
    import pandas as pd
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    frame = pd.DataFrame({"age": [20.0, 30.0, np.nan, 50.0] * 5, "city": ["a", "b", "a", "c"] * 5})
    numeric = Pipeline(
        [("impute", SimpleImputer()), ("log", FunctionTransformer(np.log1p)), ("scale", StandardScaler())]
    )
    columns = ColumnTransformer(
        [
            ("numeric", numeric, make_column_selector(dtype_include=np.number)),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )
    return Pipeline([("columns", columns), ("model", RandomForestRegressor(3, random_state=0))]).fit(frame, range(20))


def _functions() -> Any:
    import numpy as np
    from scipy.special import expit
    from sklearn.preprocessing import FunctionTransformer

    return [FunctionTransformer(np.log1p, np.expm1), FunctionTransformer(expit), FunctionTransformer(np.nan_to_num)]


def _grid() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score, make_scorer
    from sklearn.model_selection import GridSearchCV

    return GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring=make_scorer(f1_score, average="macro")).fit(
        *_data()
    )


def _random_search() -> Any:
    from scipy.stats import loguniform, randint
    from sklearn.model_selection import RandomizedSearchCV
    from sklearn.tree import DecisionTreeRegressor

    options = {"max_depth": randint(1, 5), "ccp_alpha": loguniform(1e-4, 1e-1)}
    return RandomizedSearchCV(DecisionTreeRegressor(), options, n_iter=2, random_state=0).fit(*_data())


def _committee() -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.svm import LinearSVC

    members = [
        ("bayes", GaussianNB()),
        ("ada", AdaBoostClassifier(n_estimators=2)),
        ("bag", BaggingClassifier(n_estimators=2)),
    ]
    x, y = _data(2)
    return [
        VotingClassifier(members).fit(x, y),
        StackingClassifier(members, cv=2).fit(x, y),
        CalibratedClassifierCV(LinearSVC(), method="isotonic", cv=2).fit(x, y),
    ]


def _select() -> Any:
    from sklearn.decomposition import NMF, PCA
    from sklearn.feature_selection import SelectKBest, chi2
    from sklearn.pipeline import FeatureUnion

    x, y = _data()
    return FeatureUnion([("best", SelectKBest(chi2, k=2)), ("pca", PCA(2)), ("nmf", NMF(2, max_iter=20))]).fit(x, y)


def _losses() -> Any:
    from sklearn.linear_model import SGDClassifier, SGDRegressor

    x, y = _data(2)
    models = [SGDClassifier(loss=loss).fit(x, y) for loss in ("hinge", "modified_huber", "log_loss")]
    return [*models, SGDRegressor(loss="epsilon_insensitive").fit(x, y)]


def _anomalies() -> Any:
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import LocalOutlierFactor

    x, _ = _data()
    return [IsolationForest(n_estimators=3, random_state=0).fit(x), LocalOutlierFactor(novelty=True).fit(x)]


def _old_style() -> bytes:
    """A logistic regression as scikit-learn 0.2x wrote it: old module names, protocol 2."""
    data = pickle.dumps(_logistic(), 2)
    data = data.replace(b"csklearn.linear_model._logistic\n", b"csklearn.linear_model.logistic\n")
    return data.replace(b"numpy._core.multiarray\n", b"numpy.core.multiarray\n")


def _skops(make: Callable[[], Any]) -> Callable[[], bytes]:
    def content() -> bytes:
        import skops.io

        return bytes(skops.io.dumps(make()))

    return content


def _joblib(make: Callable[[], Any], compress: Any = 0, protocol: int | None = None) -> Callable[[], bytes]:
    def content() -> bytes:
        import io

        import joblib

        stream = io.BytesIO()
        joblib.dump(make(), stream, compress=compress, protocol=protocol)
        return stream.getvalue()

    return content


def _job(
    name: str, make: Callable[[], Any], compress: Any = 0, needs: tuple[str, ...] = ("joblib", "sklearn")
) -> Sample:
    return _sample(name, "benign/joblib", _joblib(make, compress), needs, "joblib")


def _arrays() -> Any:
    import numpy as np

    objects = np.array([{"a": 1}, [1, 2], "text", None], dtype=object)
    structured = np.zeros(5, dtype=[("id", "i8"), ("name", "U12"), ("score", "f4")])
    return {
        "big": np.arange(40000, dtype="f4").reshape(200, 200),
        "fortran": np.asfortranarray(np.ones((30, 20))),
        "objects": objects,
        "structured": structured,
        "nested": [np.zeros(3), {"deep": np.ones(2, dtype="complex64")}],
        "empty": np.array([]),
        "strings": np.array(["a", "bb"]),
    }


def _xgb() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(*_data())


def _xgb_file(suffix: str) -> Callable[[Path], Path]:
    def build(directory: Path) -> Path:
        path = directory / f"booster.{suffix}"
        _xgb().save_model(path)
        return path

    return build


def _lgb() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, min_child_samples=5, verbose=-1).fit(*_data())


def _lgb_text() -> bytes:
    return str(_lgb().booster_.model_to_string()).encode()


SAMPLES = (
    _sk("logistic_p0.pkl", _logistic, 0),
    _sk("logistic_p2.pkl", _logistic, 2),
    _sk("logistic_p4.pkl", _logistic, 4),
    _sk("logistic_p5.pkl", _logistic, 5),
    _sk("forest.pkl", _forest, 5),
    _sk("forest_p2.sav", _forest, 2),
    _sk("gradient_boosting.pkl", _boosting),
    _sk("histogram_boosting.pkl", _histogram_boosting),
    _sk("gaussian_process.pkl", _process),
    _sk("neighbors_kd_tree.pkl", lambda: _neighbors("kd_tree")),
    _sk("neighbors_ball_tree_p2.pkl", lambda: _neighbors("ball_tree"), 2),
    _sk("support_vectors.pkl", _machine),
    _sk("perceptron.pkl", _perceptron),
    _sk("clusters.pkl", _clusters),
    _sk("text_pipeline.pkl", _text_pipeline),
    _sk("count_vectorizer.pkl", _counts, 0),
    _sk("column_pipeline.pkl", _columns, 5),
    _sk("function_transformers.pkl", _functions),
    _sk("function_transformers_p2.pkl", _functions, 2),
    _sk("grid_search.pkl", _grid),
    _sk("random_search.pkl", _random_search),
    _sk("committee.pkl", _committee),
    _sk("feature_union.pkl", _select),
    _sk("linear_losses.pkl", _losses),
    _sk("anomalies.pkl", _anomalies),
    _sample("old_scikit_learn.pkl", "benign/scikit-learn", _old_style, ("sklearn",), ""),
    _job("forest.joblib", _forest),
    _job("pipeline_zlib.joblib", _columns, ("zlib", 3)),
    _job("pipeline_gzip.joblib.gz", _columns, ("gzip", 3)),
    _job("pipeline_bz2.joblib", _columns, ("bz2", 3)),
    _job("pipeline_lzma.joblib", _columns, ("lzma", 3)),
    _job("pipeline_xz.joblib", _columns, ("xz", 3)),
    _job("pipeline_lz4.joblib", _columns, "lz4", ("joblib", "sklearn", "lz4")),
    _job("arrays.joblib", _arrays),
    _job("arrays_compressed.joblib", _arrays, 3),
    _sample("arrays_p2.joblib", "benign/joblib", _joblib(_arrays, protocol=2), ("joblib", "numpy"), "joblib"),
    _sample("logistic.skops", "benign/skops", _skops(_logistic), ("skops",), "skops"),
    _sample("column_pipeline.skops", "benign/skops", _skops(_columns), ("skops", "pandas"), "skops"),
    _sample("xgboost.pkl", "benign/xgboost", lambda: pickle.dumps(_xgb(), 4), ("xgboost",)),
    _sample("xgboost_p2.pkl", "benign/xgboost", lambda: pickle.dumps(_xgb(), 2), ("xgboost",)),
    Sample("booster.json", "benign/xgboost", False, False, _xgb_file("json"), needs=("xgboost",)),
    Sample("booster.ubj", "benign/xgboost", False, False, _xgb_file("ubj"), needs=("xgboost",)),
    _sample("lightgbm.pkl", "benign/lightgbm", lambda: pickle.dumps(_lgb(), 4), ("lightgbm",)),
    _job("lightgbm.joblib", _lgb, 0, ("joblib", "lightgbm")),
    _sample("lightgbm.txt", "benign/lightgbm", _lgb_text, ("lightgbm",), ""),
)
