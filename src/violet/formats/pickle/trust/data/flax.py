"""Names trusted in pickles (flax). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "flax.core.frozen_dict": "FrozenDict FrozenKeysView FrozenValuesView",
    "flax.training.train_state": "TrainState",
}
