"""Names trusted in pickles (imblearn). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "imblearn.utils._param_validation": "InvalidParameterError",
}
CONSTRUCT: dict[str, str] = {
    "imblearn.base": "BaseSampler FunctionSampler SamplerMixin _ParamsValidationMixin",
    "imblearn.combine._smote_enn": "SMOTEENN",
    "imblearn.combine._smote_tomek": "SMOTETomek",
    "imblearn.ensemble._bagging": "BalancedBaggingClassifier",
    "imblearn.ensemble._easy_ensemble": "EasyEnsembleClassifier",
    "imblearn.ensemble._forest": "BalancedRandomForestClassifier",
    "imblearn.ensemble._weight_boosting": "RUSBoostClassifier",
    "imblearn.metrics.pairwise": "ValueDifferenceMetric",
    "imblearn.model_selection._split": "InstanceHardnessCV",
    "imblearn.over_sampling._adasyn": "ADASYN",
    "imblearn.over_sampling._random_over_sampler": "RandomOverSampler",
    "imblearn.over_sampling._smote.base": "BaseSMOTE SMOTE SMOTEN SMOTENC",
    "imblearn.over_sampling._smote.cluster": "KMeansSMOTE",
    "imblearn.over_sampling._smote.filter": "BorderlineSMOTE SVMSMOTE",
    "imblearn.over_sampling.base": "BaseOverSampler",
    "imblearn.pipeline": "Pipeline",
    "imblearn.under_sampling._prototype_generation._cluster_centroids": "ClusterCentroids",
    "imblearn.under_sampling._prototype_selection._condensed_nearest_neighbour": "CondensedNearestNeighbour",
    "imblearn.under_sampling._prototype_selection._edited_nearest_neighbours": (
        "AllKNN EditedNearestNeighbours RepeatedEditedNearestNeighbours"
    ),
    "imblearn.under_sampling._prototype_selection._instance_hardness_threshold": "InstanceHardnessThreshold",
    "imblearn.under_sampling._prototype_selection._nearmiss": "NearMiss",
    "imblearn.under_sampling._prototype_selection._neighbourhood_cleaning_rule": "NeighbourhoodCleaningRule",
    "imblearn.under_sampling._prototype_selection._one_sided_selection": "OneSidedSelection",
    "imblearn.under_sampling._prototype_selection._random_under_sampler": "RandomUnderSampler",
    "imblearn.under_sampling._prototype_selection._tomek_links": "TomekLinks",
    "imblearn.under_sampling.base": "BaseCleaningSampler BaseUnderSampler",
    "imblearn.utils._available_if": "_AvailableIfDescriptor",
    "imblearn.utils._docstring": "Substitution",
    "imblearn.utils._metadata_requests": (
        "MetadataRouter=no-items MethodMapping=no-items MethodMetadataRequest MethodPair RequestMethod "
        "RouterMappingPair _MetadataRequester _RoutingNotSupportedMixin"
    ),
    "imblearn.utils._param_validation": (
        "HasMethods Hidden Interval MissingValues Options StrOptions _ArrayLikes _Booleans _CVObjects _Callables "
        "_Constraint _InstancesOf _IterablesNotString _NanConstraint _NoneConstraint _PandasNAConstraint _RandomStates "
        "_SparseMatrices _VerboseHelper"
    ),
    "imblearn.utils._tags": "InputTags SamplerTags Tags",
    "imblearn.utils._validation": "ArraysTransformer",
}
REFER: dict[str, str] = {
    "imblearn.metrics._classification": (
        "classification_report_imbalanced geometric_mean_score macro_averaged_mean_absolute_error sensitivity_score "
        "sensitivity_specificity_support specificity_score"
    ),
}
