"""Names trusted in pickles (skopt). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "skopt.callbacks": (
        "CheckpointSaver DeadlineStopper DeltaXStopper DeltaYStopper EarlyStopper HollowIterationsStopper StdStopper "
        "ThresholdStopper TimerCallback VerboseCallback"
    ),
    "skopt.learning.forest": "ExtraTreesRegressor RandomForestRegressor",
    "skopt.learning.gaussian_process.gpr": "GaussianProcessRegressor",
    "skopt.learning.gaussian_process.kernels": (
        "ConstantKernel DotProduct ExpSineSquared Exponentiation HammingKernel Kernel Matern Product RBF "
        "RationalQuadratic Sum WhiteKernel"
    ),
    "skopt.learning.gbrt": "GradientBoostingQuantileRegressor",
    "skopt.optimizer.optimizer": "Optimizer",
    "skopt.sampler.base": "InitialPointGenerator",
    "skopt.sampler.grid": "Grid",
    "skopt.sampler.halton": "Halton",
    "skopt.sampler.hammersly": "Hammersly",
    "skopt.sampler.lhs": "Lhs",
    "skopt.sampler.sobol": "Sobol",
    "skopt.searchcv": "BayesSearchCV",
    "skopt.space.space": "Categorical Dimension Integer Real Space _Ellipsis",
    "skopt.space.transformers": (
        "CategoricalEncoder Identity LabelEncoder LogN Normalize Pipeline StringEncoder Transformer"
    ),
}
