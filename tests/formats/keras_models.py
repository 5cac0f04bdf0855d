"""Real Keras models, written by Keras itself in a process of its own.

Keras' numpy backend imports jax for convolutions and Fourier transforms only, and picks its backend once
a process; so the models are built in a child process in which a hollow jax stands where it is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HOLLOW_JAX = """
import importlib.util, os, sys, types
os.environ["KERAS_BACKEND"] = "numpy"
if importlib.util.find_spec("jax") is None:
    class Hollow(types.ModuleType):
        __path__ = []
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *a, **k: None
    for name in ("jax", "jax.lax", "keras.src.backend.jax", "keras.src.backend.jax.math"):
        sys.modules[name] = Hollow(name)
import warnings; warnings.simplefilter("ignore")
import numpy as np
import keras
from keras import layers
directory = sys.argv[1]
def save(model, *names):
    for name in names:
        model.save(os.path.join(directory, name))
"""


def build(directory: Path, script: str) -> Path:
    """Run ``script`` with ``keras``, ``layers``, ``np``, ``directory`` and ``save(model, *names)`` at hand."""
    finished = subprocess.run(
        [sys.executable, "-c", HOLLOW_JAX + script, str(directory)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr[-2000:])
    return directory


BENIGN = """
inputs = keras.Input((8,), name="numbers")
x = layers.Normalization(mean=0.5, variance=2.0)(inputs)
x = layers.Rescaling(1 / 255.0)(x)
x = layers.Dense(4, activation="relu", kernel_regularizer="l2", kernel_initializer="he_normal")(x)
x = layers.BatchNormalization()(x)
x = layers.Dropout(0.1)(x)
functional = keras.Model(inputs, [layers.Dense(2, activation="softmax", name="a")(x), layers.Dense(1, name="b")(x)])
functional.compile(optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10)),
                   loss={"a": "categorical_crossentropy", "b": keras.losses.Huber()},
                   metrics={"a": ["accuracy", keras.metrics.AUC()], "b": ["mae"]})
save(functional, "functional.keras", "functional.h5")

recurrent = keras.Sequential([keras.Input((5, 3)), layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
    layers.GRU(3), layers.Dense(1, activation=keras.activations.gelu)])
recurrent.compile("rmsprop", loss=keras.losses.mean_squared_error)
save(recurrent, "recurrent.keras", "recurrent.h5")

images = keras.Sequential([layers.RandomFlip("horizontal"), layers.Conv2D(4, 3), layers.MaxPooling2D(),
    layers.SeparableConv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)])
open(os.path.join(directory, "images.json"), "w").write(images.to_json())

def dice_loss(y_true, y_pred):
    return keras.ops.mean(y_true - y_pred)
dice_loss.__module__ = "__main__"
custom = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
custom.compile("sgd", loss=dice_loss)
save(custom, "custom_loss.keras", "custom_loss.h5")
custom.save_weights(os.path.join(directory, "only.weights.h5"))
"""
