"""Names trusted in pickles (implicit). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "implicit.recommender_base": "ModelFitError",
    "implicit.utils": "ParameterWarning",
}
CONSTRUCT: dict[str, str] = {
    "implicit.cpu.als": "AlternatingLeastSquares",
    "implicit.cpu.matrix_factorization_base": "MatrixFactorizationBase",
    "implicit.nearest_neighbours": "BM25Recommender CosineRecommender ItemItemRecommender TFIDFRecommender",
    "implicit.recommender_base": "RecommenderBase",
}
