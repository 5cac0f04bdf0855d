"""Functions and classes of training scripts, carried by value as cloudpickle and dill do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sample import Sample, write_bytes

_SOURCES = {
    "column_ratio": "import numpy as np\ndef f(x):\n    return np.log1p(x[:, 0] / (x[:, 1] + 1e-9)).reshape(-1, 1)\n",
    "clean_text": (
        "import re\nWORDS = re.compile(r'[^a-z0-9 ]+')\n"
        "def f(text):\n    return WORDS.sub(' ', text.lower()).strip().split()\n"
    ),
    "schedule": (
        "def make(start):\n    def schedule(left):\n        return start * left\n    return schedule\nf = make(3e-4)\n"
    ),
    "threshold_model": (
        "import numpy as np\nclass Thresholded:\n"
        "    def __init__(self, threshold=0.5):\n        self.threshold = threshold\n"
        "    @property\n    def cut(self):\n        return self.threshold\n"
        "    @staticmethod\n    def clipped(x):\n        return np.clip(x, 0, 1)\n"
        "    def predict(self, x):\n        return (self.clipped(x) >= self.cut).astype(int)\n"
        "    def __repr__(self):\n        return f'Thresholded({self.threshold!r})'\n"
        "f = Thresholded(0.3)\n"
    ),
    "table_features": (
        "import pandas as pd\ndef f(frame):\n    frame = frame.copy()\n"
        "    frame['hour'] = pd.to_datetime(frame['time']).dt.hour\n"
        "    return frame.fillna(frame.mean(numeric_only=True)).drop(columns=['time'])\n"
    ),
    "loss": (
        "import math\ndef f(truth, guess, eps=1e-7):\n"
        "    total = sum(-t * math.log(max(g, eps)) for t, g in zip(truth, guess))\n"
        "    if not truth:\n        raise ValueError('no labels')\n    return total / len(truth)\n"
    ),
}


def _made(source: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "train.py", "exec"), namespace)
    return namespace["f"]


def _cloudpickle(source: str) -> Callable[[], bytes]:
    def content() -> bytes:
        import cloudpickle

        return cloudpickle.dumps(_made(source))

    return content


def _dill(source: str) -> Callable[[], bytes]:
    def content() -> bytes:
        import dill

        return dill.dumps(_made(source), recurse=True)

    return content


def _pipeline() -> bytes:
    """A scikit-learn pipeline with functions of the script, as MLflow saves it by default."""
    import cloudpickle
    import numpy as np
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    steps = [FunctionTransformer(_made(_SOURCES["column_ratio"])), FunctionTransformer(_made("f = lambda x: x ** 2\n"))]
    model = make_pipeline(*steps, LinearRegression()).fit(np.arange(12.0).reshape(6, 2), np.arange(6.0))
    return cloudpickle.dumps(model)


def _sample(name: str, content: Callable[[], bytes], *needs: str) -> Sample:
    return Sample(name, "benign/code-carrying", False, False, write_bytes(name, content), needs[0], needs)


SAMPLES = (
    *(
        _sample(f"carried_{kind}.pkl", _cloudpickle(source), "cloudpickle", "pandas")
        for kind, source in _SOURCES.items()
    ),
    *(
        _sample(f"carried_dill_{kind}.pkl", _dill(_SOURCES[kind]), "dill", "numpy")
        for kind in ("column_ratio", "clean_text", "schedule", "threshold_model", "loss")
    ),
    _sample("carried_pipeline.pkl", _pipeline, "cloudpickle", "sklearn"),
)
