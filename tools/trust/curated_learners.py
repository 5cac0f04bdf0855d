# ruff: noqa: E501  (tables: one line a module)
"""Hand-written facts about scikit-learn's extension types, boosters, tokenizers and other model libraries."""

from __future__ import annotations

#: Modules whose every public function may stand in a model as a value (scorers, score functions, kernels).
FUNCTION_MODULES = tuple(
    "sklearn.metrics._classification sklearn.metrics._regression sklearn.metrics._ranking"
    " sklearn.metrics.classification sklearn.metrics.regression sklearn.metrics.ranking sklearn.metrics.pairwise"
    " sklearn.metrics.cluster._supervised sklearn.metrics.cluster._unsupervised sklearn.metrics.cluster.supervised"
    " sklearn.metrics.cluster.unsupervised sklearn.metrics.scorer sklearn.metrics._scorer"
    " sklearn.feature_selection._univariate_selection sklearn.feature_selection.univariate_selection"
    " sklearn.feature_selection._mutual_info sklearn.feature_selection.mutual_info_"
    " sklearn.preprocessing._data sklearn.preprocessing.data sklearn.utils.extmath"
    " scipy.spatial.distance imblearn.metrics._classification".split()
)

_DISTANCES = (
    "EuclideanDistance SEuclideanDistance ManhattanDistance ChebyshevDistance MinkowskiDistance WMinkowskiDistance"
    " MahalanobisDistance HammingDistance CanberraDistance BrayCurtisDistance JaccardDistance MatchingDistance"
    " DiceDistance KulsinskiDistance RogersTanimotoDistance RussellRaoDistance SokalMichenerDistance"
    " SokalSneathDistance HaversineDistance PyFuncDistance DistanceMetric"
)
_DISTANCE_NAMES = " ".join(f"{n} {n}64 {n}32" for n in _DISTANCES.split())
_LOSSES = (
    "CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss"
    " CyHalfTweedieLossIdentity CyHalfBinomialLoss CyHalfMultinomialLoss CyExponentialLoss CyLossFunction"
)
_CRITERIA = "Criterion ClassificationCriterion Gini Entropy RegressionCriterion MSE MAE FriedmanMSE Poisson"
_SPLITTERS = (
    "Splitter BestSplitter RandomSplitter BestSparseSplitter RandomSparseSplitter BestDenseSplitter PresortBestSplitter"
    " BaseDenseSplitter BaseSparseSplitter"
)
_SGD = (
    "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive SquaredEpsilonInsensitive LossFunction"
    " Classification Regression"
)


def _pyx(names: str) -> str:
    """The functions with which Cython restores these extension types: they call T.__new__(type) and fill it."""
    return " ".join(f"__pyx_unpickle_{name}" for name in names.split())


def _each(name: str) -> str:
    """A statespace class for each BLAS type: single, double, and complex."""
    return " ".join(prefix + name for prefix in "sdcz")


_TREES = "BinaryTree KDTree KDTree64 KDTree32 BallTree BallTree64 BallTree32 NeighborsHeap NodeDistance"

CALL = f"""
nltk.probability: FreqDist
sklearn._loss.glm_distribution: DistributionBoundary
_loss: {_LOSSES} {_pyx(_LOSSES)}
sklearn.tree._tree: Tree
sklearn.tree._criterion: {_CRITERIA}
sklearn.tree._splitter: {_SPLITTERS}
sklearn._loss._loss: {_LOSSES} {_pyx(_LOSSES)}
sklearn.linear_model._sgd_fast: {_SGD} {_pyx(_SGD)}
sklearn.linear_model.sgd_fast: {_SGD} {_pyx(_SGD)}
sklearn.neighbors._quad_tree: _QuadTree
sklearn.neighbors.quad_tree: _QuadTree
sklearn.cluster._hierarchical_fast: WeightedEdge UnionFind __pyx_unpickle_WeightedEdge __pyx_unpickle_UnionFind
sklearn.cluster._hierarchical: WeightedEdge UnionFind
sklearn.utils._fast_dict: IntFloatDict
sklearn.utils.fast_dict: IntFloatDict
tokenizers: AddedToken
statsmodels.tsa.statespace._representation: {_each("Statespace")}
statsmodels.tsa.statespace._initialization: {_each("Initialization")}
statsmodels.tsa.statespace._kalman_filter: {_each("KalmanFilter")}
statsmodels.tsa.statespace._kalman_smoother: {_each("KalmanSmoother")}
statsmodels.tsa.statespace._simulation_smoother: {_each("SimulationSmoother")}
"""

CONSTRUCT = f"""
gensim.utils: FakeDict
xgboost.compat: XGBoostLabelEncoder
statsmodels.discrete.discrete_model: NegativeBinomial
nltk.grammar: CFG PCFG Nonterminal Production ProbabilisticProduction
nltk.tree: Tree ImmutableTree
nltk.tree.tree: Tree ImmutableTree
sklearn._loss.glm_distribution: ExponentialDispersionModel TweedieDistribution NormalDistribution PoissonDistribution GammaDistribution InverseGaussianDistribution
sklearn.neighbors._kd_tree: {_TREES}
sklearn.neighbors._ball_tree: {_TREES}
sklearn.neighbors.kd_tree: {_TREES}
sklearn.neighbors.ball_tree: {_TREES}
sklearn.neighbors._dist_metrics: {_DISTANCE_NAMES}
sklearn.neighbors.dist_metrics: {_DISTANCE_NAMES}
sklearn.metrics._dist_metrics: {_DISTANCE_NAMES}
sklearn.metrics.dist_metrics: {_DISTANCE_NAMES}
hdbscan.dist_metrics: {_DISTANCE_NAMES}
hdbscan._hdbscan_tree: TreeUnionFind
sklearn.datasets.base: Bunch
sklearn.datasets._base: Bunch
PIL.Image: Image
tokenizers: Tokenizer
tokenizers.models: Model
gensim.models.keyedvectors: Vocab EuclideanKeyedVectors=no-items Word2VecKeyedVectors=no-items Doc2VecKeyedVectors=no-items FastTextKeyedVectors=no-items
gensim.models.word2vec: Vocab
gensim.models.doc2vec: DocvecsArray
gensim.models.phrases: Phraser
gensim.models.wrappers.fasttext: FastText FastTextKeyedVectors=no-items
xgboost: Booster
lightgbm: Booster
catboost.core: CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker
"""

_NEWOBJ = "newObj=construct-first-argument"
CHECKED = f"""
nltk.probability: ConditionalFreqDist=no-arguments
sklearn.neighbors._kd_tree: {_NEWOBJ}
sklearn.neighbors._ball_tree: {_NEWOBJ}
sklearn.neighbors.kd_tree: {_NEWOBJ}
sklearn.neighbors.ball_tree: {_NEWOBJ}
sklearn.neighbors._dist_metrics: {_NEWOBJ}
sklearn.neighbors.dist_metrics: {_NEWOBJ}
sklearn.metrics._dist_metrics: {_NEWOBJ}
hdbscan.dist_metrics: {_NEWOBJ}
"""

REFER = """
sklearn.model_selection._search_successive_halving: _refit_callable _top_k
sklearn.cluster._kmeans: _kmeans_single_lloyd _kmeans_single_elkan
sklearn.metrics._scorer: _passthrough_scorer
sklearn.gaussian_process.regression_models: constant linear quadratic
sklearn.gaussian_process.correlation_models: absolute_exponential squared_exponential generalized_exponential pure_nugget cubic linear
sklearn.metrics.scorer: _passthrough_scorer
sklearn.feature_extraction.text: strip_accents_ascii strip_accents_unicode strip_tags
gensim.utils: call_on_class_only identity
gensim.models.phrases: original_scorer npmi_scorer
gensim.models.tfidfmodel: df2idf smartirs_normalize smartirs_wglobal smartirs_wlocal
gensim.models.ensemblelda: mass_masking ratio_masking
sklearn.feature_selection: f_classif f_regression chi2 mutual_info_classif mutual_info_regression r_regression
sklearn.metrics: accuracy_score f1_score precision_score recall_score roc_auc_score log_loss mean_squared_error mean_absolute_error r2_score make_scorer
"""
