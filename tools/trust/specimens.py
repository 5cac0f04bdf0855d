"""Real objects of many libraries, to be pickled by ``observe.py``. Libraries that are absent are passed over."""

from __future__ import annotations

import datetime
import decimal
import importlib
from collections.abc import Iterator
from typing import Any

Labelled = Iterator[tuple[str, Any]]


def specimens() -> Labelled:
    """Every specimen that the installed libraries can make."""
    for family in (
        standard,
        arrays,
        frames,
        sparse,
        estimators,
        meta_estimators,
        distributions,
        boosters,
        networks,
        others,
    ):
        try:
            yield from family()
        except ImportError as error:
            print(f"# {family.__name__}: {error}")


def standard() -> Labelled:
    """Objects of the standard library."""
    import argparse
    import array
    import collections
    import fractions
    import functools
    import http
    import ipaddress
    import operator
    import pathlib
    import random
    import re
    import time
    import types
    import uuid
    import zoneinfo

    values = [
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.deque([1], 3),
        collections.Counter("abca"), collections.ChainMap({}), collections.UserDict(a=1), collections.UserList([1]),
        datetime.datetime.now(datetime.UTC), datetime.date(2020, 1, 1), datetime.timedelta(1), datetime.time(1),
        decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.uuid4(), array.array("d", [1.0]), time.localtime(),
        pathlib.PurePosixPath("a"), pathlib.Path("a"), types.SimpleNamespace(a=1), argparse.Namespace(a=1),
        random.Random(1), re.compile("a+"), re.IGNORECASE, http.HTTPStatus.OK, ipaddress.ip_address("1.1.1.1"),
        ipaddress.ip_network("10.0.0.0/8"), functools.partial(max, 1), operator.itemgetter(1),
        operator.attrgetter("a"), {1, 2}, frozenset([1]), 1j, bytearray(b"a"), slice(1), range(3), b"bytes", ...,
        NotImplemented, type(None), ValueError("x"), KeyError("k"), iter([1]), len, print.__class__, list[int],
        zoneinfo.ZoneInfo("UTC"), OSError(2, "x"), dict[str, int],
    ]  # fmt: skip
    for value in values:
        yield type(value).__name__, value


def arrays() -> Labelled:
    """Arrays, scalars, data types, random generators, functions."""
    import numpy as np

    for code in "?bhilqBHILQefdgFDGSUOMm":
        yield f"dtype {code}", np.dtype(code)
        yield f"array {code}", np.zeros(3, code)
        if code not in "O":
            yield f"scalar {code}", np.zeros(1, code)[0]
    yield "structured", np.zeros(2, [("a", "i4"), ("b", "O")])
    yield "structured scalar", np.zeros(2, [("a", "i4"), ("b", "f8")])[0]
    yield "record array", np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    yield "fortran", np.asfortranarray(np.ones((2, 3)))
    yield "masked", np.ma.masked_array([1, 2], [0, 1])
    yield "masked constant", np.ma.masked
    yield "matrix", np.matrix([[1]])
    yield "poly1d", np.poly1d([1, 2])
    yield "polynomial", np.polynomial.Polynomial([1, 2])
    yield "chebyshev", np.polynomial.Chebyshev([1, 2])
    yield "RandomState", np.random.RandomState(1)
    for kind in (np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64):
        yield kind.__name__, np.random.Generator(kind(1))
    yield "SeedSequence", np.random.SeedSequence(1)
    yield "ufuncs", [np.log1p, np.exp, np.sqrt, np.add]
    yield "functions", [np.mean, np.median, np.linalg.norm, np.nanmean, np.float64, np.int64]
    yield "dtype classes", [np.dtypes.Float64DType, type(np.dtype("i4"))]
    yield "vector", np.nan


def frames() -> Labelled:
    """Frames, series, indexes, extension arrays, offsets."""
    import numpy as np
    import pandas as pd

    times = pd.date_range("2020", periods=3, tz="UTC")
    frame = pd.DataFrame({
        "a": [1, 2, 3], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"]), "d": times,
        "e": pd.array([1, None, 3], dtype="Int64"), "f": pd.period_range("2020", periods=3, freq="M"),
        "g": pd.arrays.SparseArray([0, 0, 1]), "h": pd.interval_range(0, 3), "i": [True, False, None],
        "j": pd.to_timedelta([1, 2, 3], unit="s"), "k": pd.array(["a", None, "c"], dtype="string"),
        "l": pd.array([True, None, False], dtype="boolean"), "m": pd.array([1.5, None, 2.0], dtype="Float64"),
    })  # fmt: skip
    yield "frame", frame
    for name in frame:
        yield f"series {name}", frame[name]
        yield f"index {name}", pd.Index(frame[name])
        yield f"dtype {name}", frame[name].dtype
    yield "multi", frame.set_index(["a", "b"])
    yield "range", pd.RangeIndex(3)
    yield "columns", pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    yield (
        "scalars",
        [pd.Timestamp("2020", tz="Europe/Paris"), pd.NaT, pd.NA, pd.Timedelta(1), pd.Period("2020"), pd.Interval(0, 1)],
    )
    yield "naive", pd.date_range("2020", periods=3, freq="h")
    for name in pd.offsets.__all__:
        try:
            yield f"offset {name}", getattr(pd.offsets, name)()
        except TypeError:
            continue
    if importlib.util.find_spec("pyarrow"):
        yield "arrow", pd.Series(["a", "b"], dtype="string[pyarrow]")
        yield "arrow ints", pd.Series([1, 2], dtype="int64[pyarrow]")


def sparse() -> Labelled:
    """Sparse matrices, trees, interpolators, results."""
    import numpy as np
    import scipy.interpolate as si
    import scipy.optimize as so
    import scipy.sparse as ss
    import scipy.spatial as sp

    grid = np.linspace(0, 1, 8)
    for kind in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr"):
        yield kind, getattr(ss, f"{kind}_matrix")(np.eye(3))
        yield f"{kind} array", getattr(ss, f"{kind}_array")(np.eye(3))
    yield "interp1d", si.interp1d(grid, grid**2)
    yield "splines", [si.CubicSpline(grid, grid), si.UnivariateSpline(grid, grid), si.make_interp_spline(grid, grid)]
    yield "pchip", [si.PchipInterpolator(grid, grid), si.Akima1DInterpolator(grid, grid)]
    yield "grid", si.RegularGridInterpolator((grid,), grid)
    yield "rbf", si.RBFInterpolator(np.random.rand(9, 2), np.random.rand(9))
    yield "trees", [sp.cKDTree(np.random.rand(9, 2)), sp.KDTree(np.random.rand(9, 2))]
    yield "hull", sp.transform.Rotation.from_euler("x", 1)
    yield "result", so.minimize(lambda x: (x**2).sum(), [1.0])


def _fitted(make: Any, x: Any, y: Any) -> Any:
    return make.fit(x, y)


def estimators() -> Labelled:
    """Every estimator of scikit-learn, fitted where a plain fit is enough."""
    import numpy as np
    import sklearn
    from sklearn.utils import all_estimators

    importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    importlib.import_module("sklearn.experimental.enable_halving_search_cv")
    del sklearn
    rng = np.random.RandomState(0)
    x = rng.rand(40, 4)
    targets = (rng.randint(0, 2, 40), rng.rand(40), None, np.c_[rng.rand(40), rng.rand(40)], np.abs(x))
    words = ["the quick brown fox", "a lazy dog", "jumps over the dog"] * 10
    for name, kind in all_estimators():
        try:
            yield f"{name}()", kind()
        except TypeError:
            continue
        for target in targets:
            try:
                yield name, kind().fit(x, target)
                break
            except Exception:
                continue
        else:
            for data in (words, [{"a": 1}, {"b": 2}], rng.randint(0, 2, (40, 3))):
                try:
                    yield name, kind().fit(data)
                    break
                except Exception:
                    continue


def meta_estimators() -> Labelled:
    """Pipelines, searches, kernels, metrics."""
    import numpy as np
    from sklearn import (
        calibration,
        compose,
        ensemble,
        feature_selection,
        gaussian_process,
        linear_model,
        metrics,
        model_selection,
        neighbors,
        pipeline,
        preprocessing,
        svm,
        tree,
    )
    from sklearn.gaussian_process import kernels

    rng = np.random.RandomState(0)
    x, y = rng.rand(60, 3), rng.randint(0, 3, 60)
    logistic = linear_model.LogisticRegression()
    yield "pipeline", pipeline.make_pipeline(preprocessing.StandardScaler(), logistic).fit(x, y)
    yield (
        "columns",
        compose.make_column_transformer((preprocessing.StandardScaler(), [0]), remainder="passthrough").fit(x),
    )
    yield "selector", compose.make_column_selector(dtype_include=np.number)
    for search in (
        model_selection.GridSearchCV(logistic, {"C": [1, 2]}, scoring="f1_macro"),
        model_selection.GridSearchCV(logistic, {"C": [1, 2]}, scoring=metrics.make_scorer(metrics.accuracy_score)),
        model_selection.RandomizedSearchCV(logistic, {"C": __import__("scipy.stats").stats.uniform(0.1, 2)}, n_iter=2),
        calibration.CalibratedClassifierCV(svm.LinearSVC()), ensemble.VotingClassifier([("a", logistic)]),
        calibration.CalibratedClassifierCV(svm.LinearSVC(), method="isotonic"),
        ensemble.StackingClassifier([("a", logistic)]), ensemble.BaggingClassifier(tree.DecisionTreeClassifier(), 3),
        ensemble.AdaBoostClassifier(), ensemble.HistGradientBoostingClassifier(max_iter=3, early_stopping=True),
    ):  # fmt: skip
        yield type(search).__name__, search.fit(x, y)
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        yield f"boosting {loss}", ensemble.GradientBoostingRegressor(loss=loss, n_estimators=2).fit(x, y)
    for loss in ("poisson", "gamma", "quantile", "absolute_error"):
        model = ensemble.HistGradientBoostingRegressor(
            loss=loss, max_iter=2, quantile=0.5 if loss == "quantile" else None
        )
        yield f"hist {loss}", model.fit(x, y + 1)
    for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "huber", "epsilon_insensitive"):
        yield f"sgd {loss}", linear_model.SGDClassifier(loss=loss).fit(x, y)
    for loss in ("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
        yield f"sgd regression {loss}", linear_model.SGDRegressor(loss=loss).fit(x, y)
    for metric in (
        "euclidean",
        "manhattan",
        "chebyshev",
        "minkowski",
        "hamming",
        "canberra",
        "braycurtis",
        "haversine",
    ):
        for algorithm in ("kd_tree", "ball_tree"):
            data = x[:, :2] if metric == "haversine" else x
            try:
                yield (
                    f"{metric} {algorithm}",
                    neighbors.KNeighborsClassifier(metric=metric, algorithm=algorithm).fit(data, y),
                )
            except ValueError:
                continue
            model32 = neighbors.KNeighborsClassifier(metric=metric, algorithm=algorithm)
            yield f"{metric} {algorithm} 32", model32.fit(data.astype("f4"), y)
    yield "kernels", [
        kernels.RBF() + kernels.WhiteKernel() * kernels.Matern(), kernels.RationalQuadratic() ** 2,
        kernels.ConstantKernel(), kernels.ExpSineSquared(), kernels.DotProduct(), kernels.PairwiseKernel(),
        kernels.CompoundKernel([kernels.RBF()]),
    ]  # fmt: skip
    yield "gpc", gaussian_process.GaussianProcessClassifier(kernels.RBF()).fit(x, y)
    yield "log1p", preprocessing.FunctionTransformer(np.log1p).fit(x)
    yield "select", feature_selection.SelectKBest(feature_selection.chi2, k=2).fit(x, y)
    for name in metrics.get_scorer_names():
        yield f"scorer {name}", metrics.get_scorer(name)
    yield "splitters", [
        model_selection.KFold(), model_selection.StratifiedKFold(), model_selection.TimeSeriesSplit(),
        model_selection.ShuffleSplit(), model_selection.GroupKFold(), model_selection.LeaveOneOut(),
        model_selection.RepeatedStratifiedKFold(), model_selection.ParameterGrid({"a": [1]}),
    ]  # fmt: skip
    for criterion in ("gini", "entropy", "log_loss"):
        yield criterion, tree.DecisionTreeClassifier(criterion=criterion).fit(x, y)


def distributions() -> Labelled:
    """Every distribution of scipy.stats, and frozen ones."""
    import numpy as np
    import scipy.stats as st

    for name in dir(st):
        value = getattr(st, name)
        if isinstance(value, st.rv_continuous | st.rv_discrete):
            yield name, value
    yield "frozen", [st.norm(0, 1), st.uniform(0, 1), st.randint(0, 3), st.loguniform(1e-3, 1), st.poisson(3)]
    yield "kde", st.gaussian_kde(np.random.rand(20))
    yield "multivariate", st.multivariate_normal([0, 0])
    yield "histogram", st.rv_histogram(np.histogram([1, 2, 3]))
    yield "functions", [st.pearsonr, st.spearmanr]
    yield "result", st.ttest_1samp([1, 2, 3.0], 0)


def boosters() -> Labelled:
    """Gradient boosting libraries."""
    import numpy as np

    rng = np.random.RandomState(0)
    x, y = rng.rand(60, 3), rng.randint(0, 2, 60)
    for package, names in {
        "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor"),
        "lightgbm": ("LGBMClassifier", "LGBMRegressor", "LGBMRanker"),
        "catboost": ("CatBoostClassifier", "CatBoostRegressor"),
        "imblearn.over_sampling": ("SMOTE", "RandomOverSampler", "ADASYN", "BorderlineSMOTE"),
        "imblearn.under_sampling": ("RandomUnderSampler", "NearMiss", "TomekLinks"),
        "imblearn.ensemble": ("BalancedRandomForestClassifier", "EasyEnsembleClassifier", "RUSBoostClassifier"),
        "category_encoders": ("TargetEncoder", "OrdinalEncoder", "WOEEncoder", "CatBoostEncoder", "HashingEncoder"),
        "pyod.models.iforest": ("IForest",), "pyod.models.knn": ("KNN",), "pyod.models.ecod": ("ECOD",),
        "hmmlearn.hmm": ("GaussianHMM",), "hdbscan": ("HDBSCAN",), "umap": ("UMAP",),
    }.items():  # fmt: skip
        try:
            module = importlib.import_module(package)
        except Exception as error:
            print(f"# {package}: {error}")
            continue
        for name in names:
            options: dict[str, Any] = (
                {"verbose": 0} if package == "catboost" else {"verbose": -1} if package == "lightgbm" else {}
            )
            try:
                model = getattr(module, name)(**options)
                if name.endswith("Ranker"):
                    model.fit(x, y, group=[60])
                elif hasattr(model, "fit_resample"):
                    model.fit_resample(x, y)
                elif name in {"GaussianHMM", "HDBSCAN", "UMAP", "IForest", "KNN", "ECOD"}:
                    model.fit(x)
                else:
                    model.fit(x, y)
            except Exception as error:
                print(f"# {package}.{name}: {type(error).__name__}: {str(error)[:90]}")
                continue
            yield f"{package}.{name}", model
            if hasattr(model, "get_booster"):
                yield f"{package}.Booster", model.get_booster()
            if hasattr(model, "booster_"):
                yield f"{package}.Booster", model.booster_


def networks() -> Labelled:
    """Modules, tensors, optimizers and schedules of torch."""
    import torch
    from torch import nn, optim

    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.complex64, torch.uint8):
        yield str(dtype), torch.zeros(2, dtype=dtype)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3), nn.GELU(), nn.Dropout(),
        nn.LayerNorm(3), nn.Linear(3, 2), nn.Softmax(1),
    )  # fmt: skip
    yield "sequential", model
    yield "state", model.state_dict()
    yield "transformer", nn.Transformer(8, 2, 1, 1, 8)
    yield (
        "rnn",
        [nn.LSTM(2, 2), nn.GRU(2, 2), nn.Embedding(3, 2), nn.MultiheadAttention(4, 2), nn.ModuleList([nn.ReLU()])],
    )
    yield (
        "dicts",
        [nn.ModuleDict({"a": nn.ReLU()}), nn.ParameterList([nn.Parameter(torch.ones(1))]), nn.ParameterDict()],
    )
    for name in dir(nn):
        kind = getattr(nn, name)
        if isinstance(kind, type) and issubclass(kind, nn.Module):
            for arguments in ((), (2,), (2, 2), (2, 2, 2), ([1, 2],)):
                try:
                    made = kind(*arguments)
                except Exception:
                    continue
                yield f"nn.{name}", made
                break
    weight = [nn.Parameter(torch.ones(2, 2))]
    for name in dir(optim):
        kind = getattr(optim, name)
        if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer:
            try:
                optimizer = kind(weight)
                yield f"optim.{name}", optimizer
                yield f"optim.{name} state", optimizer.state_dict()
            except Exception:
                continue
    sgd = optim.SGD(weight, 0.1)
    yield (
        "schedules",
        [optim.lr_scheduler.StepLR(sgd, 1).state_dict(), optim.lr_scheduler.OneCycleLR(sgd, 1, 10).state_dict()],
    )
    yield "values", [torch.Size([1]), torch.device("cpu"), torch.strided, torch.channels_last, torch.float32]
    yield "sparse", torch.eye(3).to_sparse()
    yield "sparse csr", torch.eye(3).to_sparse_csr()
    yield "quantized", torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
    yield "parameter", nn.Parameter(torch.ones(2))
    yield "meta", torch.ones(2, device="meta")
    yield "activations", [nn.functional.relu, nn.functional.gelu, torch.tanh, torch.nn.init.xavier_uniform_]
    yield "distribution", torch.distributions.Normal(0.0, 1.0)
    yield "packed", nn.utils.rnn.pack_sequence([torch.ones(2)])


def others() -> Labelled:
    """Smaller libraries."""
    if importlib.util.find_spec("transformers"):
        import transformers

        yield "arguments", transformers.TrainingArguments("/tmp/out", use_cpu=True)
        config = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
        yield "config", config
        yield "bert", transformers.BertModel(config)
        yield "gpt2", transformers.GPT2Model(transformers.GPT2Config(n_embd=8, n_layer=1, n_head=2))
        yield "generation", transformers.GenerationConfig()
    if importlib.util.find_spec("tokenizers"):
        import tokenizers

        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        yield "tokenizer", tokenizer
        yield "added token", tokenizers.AddedToken("<s>")
        if importlib.util.find_spec("transformers"):
            yield "fast tokenizer", transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    if importlib.util.find_spec("omegaconf"):
        from omegaconf import OmegaConf

        yield "omegaconf", OmegaConf.create({"a": 1, "b": [1, {"c": "x"}], "d": 1.5, "e": True, "f": None})
    if importlib.util.find_spec("pyarrow"):
        import pyarrow

        yield "arrow table", pyarrow.table({"a": [1, 2], "b": ["x", "y"], "c": [[1], [2]]})
        yield "arrow array", pyarrow.array([1, 2, None])
    if importlib.util.find_spec("polars"):
        import polars

        yield "polars", polars.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        yield "polars series", polars.Series([1, 2])
    if importlib.util.find_spec("networkx"):
        import networkx

        yield "graphs", [networkx.path_graph(3), networkx.DiGraph([(1, 2)])]
    if importlib.util.find_spec("PIL"):
        import PIL.Image

        yield "image", PIL.Image.new("RGB", (2, 2))
    if importlib.util.find_spec("statsmodels"):
        import numpy as np
        import statsmodels.api as sm

        yield "ols", sm.OLS(np.random.rand(20), sm.add_constant(np.random.rand(20, 2))).fit()
        yield "logit", sm.Logit(np.random.randint(0, 2, 50), sm.add_constant(np.random.rand(50, 2))).fit(disp=0)
        yield "arima", sm.tsa.ARIMA(np.random.rand(50), order=(1, 0, 0)).fit()
    if importlib.util.find_spec("nltk"):
        from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

        yield "punkt", PunktSentenceTokenizer(PunktTrainer("A sentence. Another one. Dr. Who.").get_params())
    if importlib.util.find_spec("gymnasium"):
        from gymnasium import spaces

        yield "spaces", spaces.Dict({"a": spaces.Box(0, 1, (2,)), "b": spaces.Discrete(3), "c": spaces.MultiBinary(2)})
    if importlib.util.find_spec("lifelines"):
        import lifelines

        yield "survival", lifelines.KaplanMeierFitter().fit([1, 2, 3], [1, 0, 1])
