"""Names trusted in pickles (category_encoders). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "category_encoders.utils": "EncodingRelation",
}
CONSTRUCT: dict[str, str] = {
    "category_encoders._contrasts": "ContrastMatrix Diff Helmert Poly Sum",
    "category_encoders.backward_difference": "BackwardDifferenceEncoder",
    "category_encoders.base_contrast_encoder": "BaseContrastEncoder",
    "category_encoders.basen": "BaseNEncoder",
    "category_encoders.binary": "BinaryEncoder",
    "category_encoders.cat_boost": "CatBoostEncoder",
    "category_encoders.count": "CountEncoder",
    "category_encoders.count_target": "CountTargetEncoder",
    "category_encoders.glmm": "GLMMEncoder",
    "category_encoders.gray": "GrayEncoder",
    "category_encoders.hashing": "HashingEncoder",
    "category_encoders.helmert": "HelmertEncoder",
    "category_encoders.james_stein": "JamesSteinEncoder",
    "category_encoders.leave_one_out": "LeaveOneOutEncoder",
    "category_encoders.m_estimate": "MEstimateEncoder",
    "category_encoders.multi_hot": "MultiHotEncoder",
    "category_encoders.one_hot": "OneHotEncoder",
    "category_encoders.ordinal": "OrdinalEncoder",
    "category_encoders.polynomial": "PolynomialEncoder",
    "category_encoders.quantile_encoder": "QuantileEncoder SummaryEncoder",
    "category_encoders.rankhot": "RankHotEncoder",
    "category_encoders.sum_coding": "SumEncoder",
    "category_encoders.target_encoder": "TargetEncoder",
    "category_encoders.utils": (
        "BaseEncoder EncoderTags SupervisedTransformerMixin TransformerWithTargetMixin UnsupervisedTransformerMixin"
    ),
    "category_encoders.woe": "WOEEncoder",
    "category_encoders.wrapper": "NestedCVWrapper PolynomialWrapper",
}
