"""Names trusted in pickles (mapie). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "mapie.calibration": "MapieCalibrator",
    "mapie.classification": "MapieClassifier",
    "mapie.conformity_scores.bounds.absolute": "AbsoluteConformityScore",
    "mapie.conformity_scores.bounds.gamma": "GammaConformityScore",
    "mapie.conformity_scores.bounds.residuals": "ResidualNormalisedScore",
    "mapie.conformity_scores.classification": "BaseClassificationScore",
    "mapie.conformity_scores.conformity_scores": "ConformityScore",
    "mapie.conformity_scores.interface": "BaseConformityScore",
    "mapie.conformity_scores.regression": "BaseRegressionScore",
    "mapie.conformity_scores.residual_conformity_scores": (
        "AbsoluteConformityScore GammaConformityScore ResidualNormalisedScore"
    ),
    "mapie.conformity_scores.sets.aps": "APSConformityScore",
    "mapie.conformity_scores.sets.lac": "LACConformityScore",
    "mapie.conformity_scores.sets.naive": "NaiveConformityScore",
    "mapie.conformity_scores.sets.raps": "RAPSConformityScore",
    "mapie.conformity_scores.sets.topk": "TopKConformityScore",
    "mapie.estimator.classifier": "EnsembleClassifier",
    "mapie.estimator.estimator": "EnsembleRegressor",
    "mapie.estimator.regressor": "EnsembleRegressor",
    "mapie.mondrian": "MondrianCP",
    "mapie.multi_label_classification": "MapieMultiLabelClassifier",
    "mapie.quantile_regression": "MapieQuantileRegressor",
    "mapie.regression.quantile_regression": "MapieQuantileRegressor",
    "mapie.regression.regression": "MapieRegressor",
    "mapie.regression.time_series_regression": "MapieTimeSeriesRegressor",
    "mapie.subsample": "BlockBootstrap Subsample",
    "mapie.time_series_regression": "MapieTimeSeriesRegressor",
}
