"""Build the model zoo: real files in the formats that people share, and one that has been tampered with."""

from __future__ import annotations

import os
from dataclasses import dataclass

from violet.domain import MissingExtraError
from violet.exercises.demo import containers
from violet.exercises.demo.trojan import implant

SEED = 7
PAYLOAD = "echo 'Violet demo: this command ran because a pickle was loaded'"
"""What the trojan would run if somebody loaded it. It prints one line."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file of the zoo: its name, what it is, and whether the scan is expected to object."""

    name: str
    what: str
    hostile: bool = False


def build(directory: str, seed: int = SEED) -> tuple[Exhibit, ...]:
    """Write the zoo into ``directory`` (made where it is missing) and say what is in it. The same ``seed``
    and library versions give the same bytes. Raises ``MissingExtraError`` where scikit-learn is not
    installed."""
    os.makedirs(directory, exist_ok=True)
    forest = _forest(seed)
    contents: list[tuple[Exhibit, bytes]] = [
        (
            Exhibit(
                "churn-forest.pkl",
                "a random forest, trained just now with scikit-learn and pickled",
            ),
            forest,
        ),
        (
            Exhibit(
                "churn-forest-v2.pkl",
                "the same forest, with a command implanted that runs at load",
                hostile=True,
            ),
            implant(forest, PAYLOAD),
        ),
        (
            Exhibit("perceptron.pt", "a PyTorch checkpoint, in the layout torch.save writes"),
            containers.checkpoint(seed),
        ),
        (Exhibit("linear.onnx", "an ONNX graph with one matrix product"), containers.onnx_graph(seed)),
        (Exhibit("tiny-chat.gguf", "a GGUF file with a chat template"), containers.gguf(seed)),
        (
            Exhibit("embeddings.safetensors", "two tensors in a format that cannot hold code"),
            containers.safetensors(seed),
        ),
    ]
    for exhibit, content in contents:
        with open(os.path.join(directory, exhibit.name), "wb") as file:
            file.write(content)
    return tuple(exhibit for exhibit, _ in contents)


def _forest(seed: int) -> bytes:
    """A random forest that tells leaving customers from staying ones, pickled."""
    import pickle

    try:
        from sklearn.datasets import make_classification
        from sklearn.ensemble import RandomForestClassifier
    except ImportError as error:
        raise MissingExtraError("The demonstration", "demo") from error
    features, labels = make_classification(n_samples=300, n_features=8, random_state=seed)
    model = RandomForestClassifier(n_estimators=12, max_depth=5, random_state=seed).fit(features, labels)
    return pickle.dumps(model, protocol=4)
