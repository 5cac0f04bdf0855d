"""Names trusted in pickles (skorch). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "skorch._version": "InvalidVersion",
    "skorch.exceptions": (
        "DeviceWarning LowProbabilityError NotInitializedError SkorchAttributeError SkorchException "
        "SkorchTrainingImpossibleError SkorchWarning"
    ),
    "skorch.utils": "Ansi",
}
CONSTRUCT: dict[str, str] = {
    "skorch._version": "Infinity NegativeInfinity _Version",
    "skorch.callbacks.base": "Callback",
    "skorch.callbacks.logging": (
        "EpochTimer MlflowLogger NeptuneLogger PrintLog ProgressBar SacredLogger TensorBoard WandbLogger"
    ),
    "skorch.callbacks.lr_scheduler": "LRScheduler WarmRestartLR",
    "skorch.callbacks.regularization": "GradientNormClipping",
    "skorch.callbacks.scoring": "BatchScoring EpochScoring PassthroughScoring ScoringBase",
    "skorch.callbacks.training": (
        "Checkpoint EarlyStopping Freezer Initializer InputShapeSetter LoadInitState ParamMapper TrainEndCheckpoint "
        "Unfreezer"
    ),
    "skorch.helper": "DataFrameTransformer SliceDataset",
    "skorch.history": "DistributedHistory History _none",
    "skorch.probabilistic": "_GPRegressorPredictMixin",
    "skorch.toy": "MLPModule",
    "skorch.utils": "FirstStepAccumulator TeeGenerator _none",
}
