"""Names trusted in pickles (sklearn). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "sklearn._loss._loss": (
        "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss CyHalfPoissonLoss "
        "CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss CyLossFunction CyPinballLoss "
        "__pyx_unpickle_CyAbsoluteError __pyx_unpickle_CyExponentialLoss __pyx_unpickle_CyHalfBinomialLoss "
        "__pyx_unpickle_CyHalfGammaLoss __pyx_unpickle_CyHalfMultinomialLoss __pyx_unpickle_CyHalfPoissonLoss "
        "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyHalfTweedieLoss __pyx_unpickle_CyHalfTweedieLossIdentity "
        "__pyx_unpickle_CyHuberLoss __pyx_unpickle_CyLossFunction __pyx_unpickle_CyPinballLoss"
    ),
    "sklearn._loss.glm_distribution": "DistributionBoundary",
    "sklearn.cluster._hierarchical": "UnionFind WeightedEdge",
    "sklearn.cluster._hierarchical_fast": "UnionFind WeightedEdge __pyx_unpickle_UnionFind __pyx_unpickle_WeightedEdge",
    "sklearn.exceptions": (
        "ChangedBehaviorWarning ConvergenceWarning DataConversionWarning DataDimensionalityWarning EfficiencyWarning "
        "EstimatorCheckFailedWarning FitFailedWarning InconsistentVersionWarning NonBLASDotWarning NotFittedError "
        "PositiveSpectrumWarning SkipTestWarning UndefinedMetricWarning UnsetMetadataPassedError"
    ),
    "sklearn.linear_model._sgd_fast": (
        "Classification EpsilonInsensitive Hinge Huber Log LossFunction ModifiedHuber Regression "
        "SquaredEpsilonInsensitive SquaredHinge SquaredLoss __pyx_unpickle_Classification "
        "__pyx_unpickle_EpsilonInsensitive __pyx_unpickle_Hinge __pyx_unpickle_Huber __pyx_unpickle_Log "
        "__pyx_unpickle_LossFunction __pyx_unpickle_ModifiedHuber __pyx_unpickle_Regression "
        "__pyx_unpickle_SquaredEpsilonInsensitive __pyx_unpickle_SquaredHinge __pyx_unpickle_SquaredLoss"
    ),
    "sklearn.linear_model.sgd_fast": (
        "Classification EpsilonInsensitive Hinge Huber Log LossFunction ModifiedHuber Regression "
        "SquaredEpsilonInsensitive SquaredHinge SquaredLoss __pyx_unpickle_Classification "
        "__pyx_unpickle_EpsilonInsensitive __pyx_unpickle_Hinge __pyx_unpickle_Huber __pyx_unpickle_Log "
        "__pyx_unpickle_LossFunction __pyx_unpickle_ModifiedHuber __pyx_unpickle_Regression "
        "__pyx_unpickle_SquaredEpsilonInsensitive __pyx_unpickle_SquaredHinge __pyx_unpickle_SquaredLoss"
    ),
    "sklearn.neighbors._quad_tree": "_QuadTree",
    "sklearn.neighbors.quad_tree": "_QuadTree",
    "sklearn.tree._criterion": (
        "ClassificationCriterion Criterion Entropy FriedmanMSE Gini MAE MSE Poisson RegressionCriterion"
    ),
    "sklearn.tree._splitter": (
        "BaseDenseSplitter BaseSparseSplitter BestDenseSplitter BestSparseSplitter BestSplitter PresortBestSplitter "
        "RandomSparseSplitter RandomSplitter Splitter"
    ),
    "sklearn.tree._tree": "Tree",
    "sklearn.utils._fast_dict": "IntFloatDict",
    "sklearn.utils._param_validation": "InvalidParameterError",
    "sklearn.utils.fast_dict": "IntFloatDict",
    "sklearn.utils.optimize": "_LineSearchError",
}
CHECKED: dict[str, str] = {
    "sklearn.externals.joblib.externals.cloudpickle.cloudpickle": "subimport=import-of-trusted-root",
    "sklearn.metrics._dist_metrics": "newObj=construct-first-argument",
    "sklearn.neighbors._ball_tree": "newObj=construct-first-argument",
    "sklearn.neighbors._dist_metrics": "newObj=construct-first-argument",
    "sklearn.neighbors._kd_tree": "newObj=construct-first-argument",
    "sklearn.neighbors.ball_tree": "newObj=construct-first-argument",
    "sklearn.neighbors.dist_metrics": "newObj=construct-first-argument",
    "sklearn.neighbors.kd_tree": "newObj=construct-first-argument",
}
CONSTRUCT: dict[str, str] = {
    "sklearn._loss.glm_distribution": (
        "ExponentialDispersionModel GammaDistribution InverseGaussianDistribution NormalDistribution "
        "PoissonDistribution TweedieDistribution"
    ),
    "sklearn._loss.link": "BaseLink HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "sklearn._loss.loss": (
        "AbsoluteError ArrayAPILossMixin BaseLoss ExponentialLoss HalfBinomialLoss HalfBinomialLossArrayAPI "
        "HalfGammaLoss HalfMultinomialLoss HalfMultinomialLossArrayAPI HalfPoissonLoss HalfPoissonLossArrayAPI "
        "HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss"
    ),
    "sklearn.base": (
        "BaseEstimator BiclusterMixin ClassNamePrefixFeaturesOutMixin ClassifierMixin ClusterMixin DensityMixin "
        "MetaEstimatorMixin MultiOutputMixin OneToOneFeatureMixin OutlierMixin RegressorMixin TransformerMixin "
        "_ClassNamePrefixFeaturesOutMixin _OneToOneFeatureMixin _UnstableArchMixin"
    ),
    "sklearn.calibration": (
        "CalibratedClassifierCV CalibrationDisplay _CalibratedClassifier _SigmoidCalibration _TemperatureScaling"
    ),
    "sklearn.cluster._affinity_propagation": "AffinityPropagation",
    "sklearn.cluster._agglomerative": "AgglomerativeClustering FeatureAgglomeration",
    "sklearn.cluster._bicluster": "BaseSpectral SpectralBiclustering SpectralCoclustering",
    "sklearn.cluster._birch": "Birch _CFNode _CFSubcluster",
    "sklearn.cluster._bisect_k_means": "BisectingKMeans _BisectingTree",
    "sklearn.cluster._dbscan": "DBSCAN",
    "sklearn.cluster._feature_agglomeration": "AgglomerationTransform",
    "sklearn.cluster._hdbscan.hdbscan": "HDBSCAN",
    "sklearn.cluster._kmeans": "KMeans MiniBatchKMeans _BaseKMeans",
    "sklearn.cluster._mean_shift": "MeanShift",
    "sklearn.cluster._optics": "OPTICS",
    "sklearn.cluster._spectral": "SpectralClustering",
    "sklearn.cluster.affinity_propagation_": "AffinityPropagation",
    "sklearn.cluster.bicluster": "BaseSpectral SpectralBiclustering SpectralCoclustering",
    "sklearn.cluster.birch": "Birch _CFNode _CFSubcluster",
    "sklearn.cluster.dbscan_": "DBSCAN",
    "sklearn.cluster.hierarchical": "AgglomerativeClustering FeatureAgglomeration",
    "sklearn.cluster.k_means_": "KMeans MiniBatchKMeans",
    "sklearn.cluster.mean_shift_": "MeanShift",
    "sklearn.cluster.optics_": "OPTICS",
    "sklearn.cluster.spectral": "SpectralClustering",
    "sklearn.compose._column_transformer": "ColumnTransformer _RemainderColsList make_column_selector",
    "sklearn.compose._target": "TransformedTargetRegressor",
    "sklearn.covariance._elliptic_envelope": "EllipticEnvelope",
    "sklearn.covariance._empirical_covariance": "EmpiricalCovariance",
    "sklearn.covariance._graph_lasso": "BaseGraphicalLasso GraphicalLasso GraphicalLassoCV _DictWithDeprecatedKeys",
    "sklearn.covariance._robust_covariance": "MinCovDet",
    "sklearn.covariance._shrunk_covariance": "LedoitWolf OAS ShrunkCovariance",
    "sklearn.covariance.elliptic_envelope": "EllipticEnvelope",
    "sklearn.covariance.empirical_covariance_": "EmpiricalCovariance",
    "sklearn.covariance.graph_lasso_": "GraphLasso GraphLassoCV GraphicalLasso GraphicalLassoCV",
    "sklearn.covariance.outlier_detection": "EllipticEnvelope",
    "sklearn.covariance.robust_covariance": "MinCovDet",
    "sklearn.covariance.shrunk_covariance_": "LedoitWolf OAS ShrunkCovariance",
    "sklearn.cross_decomposition._cca": "CCA",
    "sklearn.cross_decomposition._pls": "CCA PLSCanonical PLSRegression PLSSVD _PLS",
    "sklearn.cross_decomposition.cca_": "CCA",
    "sklearn.cross_decomposition.pls_": "PLSCanonical PLSRegression PLSSVD _PLS",
    "sklearn.cross_validation": (
        "BaseShuffleSplit KFold LabelKFold LabelShuffleSplit LeaveOneLabelOut LeaveOneOut LeavePLabelOut LeavePOut "
        "PredefinedSplit ShuffleSplit StratifiedKFold StratifiedShuffleSplit _BaseKFold _PartitionIterator"
    ),
    "sklearn.datasets._base": "Bunch",
    "sklearn.datasets.base": "Bunch",
    "sklearn.decomposition._base": "_BasePCA",
    "sklearn.decomposition._dict_learning": (
        "DictionaryLearning MiniBatchDictionaryLearning SparseCoder SparseCodingMixin _BaseSparseCoding"
    ),
    "sklearn.decomposition._factor_analysis": "FactorAnalysis",
    "sklearn.decomposition._fastica": "FastICA",
    "sklearn.decomposition._incremental_pca": "IncrementalPCA",
    "sklearn.decomposition._kernel_pca": "KernelPCA",
    "sklearn.decomposition._lda": "LatentDirichletAllocation",
    "sklearn.decomposition._nmf": "MiniBatchNMF NMF _BaseNMF",
    "sklearn.decomposition._pca": "PCA",
    "sklearn.decomposition._sparse_pca": "MiniBatchSparsePCA SparsePCA _BaseSparsePCA",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.decomposition.base": "_BasePCA",
    "sklearn.decomposition.dict_learning": (
        "DictionaryLearning MiniBatchDictionaryLearning SparseCoder SparseCodingMixin"
    ),
    "sklearn.decomposition.factor_analysis": "FactorAnalysis",
    "sklearn.decomposition.fastica_": "FastICA",
    "sklearn.decomposition.incremental_pca": "IncrementalPCA",
    "sklearn.decomposition.kernel_pca": "KernelPCA",
    "sklearn.decomposition.nmf": "NMF",
    "sklearn.decomposition.online_lda": "LatentDirichletAllocation",
    "sklearn.decomposition.pca": "PCA RandomizedPCA",
    "sklearn.decomposition.sparse_pca": "MiniBatchSparsePCA SparsePCA",
    "sklearn.decomposition.truncated_svd": "TruncatedSVD",
    "sklearn.discriminant_analysis": (
        "DiscriminantAnalysisPredictionMixin LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis"
    ),
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._bagging": "BaggingClassifier BaggingRegressor BaseBagging",
    "sklearn.ensemble._base": "BaseEnsemble _BaseHeterogeneousEnsemble",
    "sklearn.ensemble._forest": (
        "BaseForest ExtraTreesClassifier ExtraTreesRegressor ForestClassifier ForestRegressor RandomForestClassifier "
        "RandomForestRegressor RandomTreesEmbedding"
    ),
    "sklearn.ensemble._gb": (
        "BaseGradientBoosting BinomialDeviance ClassificationLossFunction ExponentialLoss GradientBoostingClassifier "
        "GradientBoostingRegressor HuberLossFunction LeastAbsoluteError LeastSquaresError LogOddsEstimator "
        "LossFunction MeanEstimator MultinomialDeviance PriorProbabilityEstimator QuantileEstimator "
        "QuantileLossFunction RegressionLossFunction ScaledLogOddsEstimator VerboseReporter ZeroEstimator"
    ),
    "sklearn.ensemble._gb_losses": (
        "BinomialDeviance ClassificationLossFunction ExponentialLoss HuberLossFunction LeastAbsoluteError "
        "LeastSquaresError LossFunction MultinomialDeviance QuantileLossFunction RegressionLossFunction"
    ),
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting": (
        "BaseHistGradientBoosting HistGradientBoostingClassifier HistGradientBoostingRegressor"
    ),
    "sklearn.ensemble._hist_gradient_boosting.grower": "TreeGrower TreeNode",
    "sklearn.ensemble._hist_gradient_boosting.loss": (
        "BaseLoss BinaryCrossEntropy CategoricalCrossEntropy LeastAbsoluteDeviation LeastSquares Poisson"
    ),
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.ensemble._iforest": "IsolationForest",
    "sklearn.ensemble._stacking": "StackingClassifier StackingRegressor _BaseStacking",
    "sklearn.ensemble._voting": "VotingClassifier VotingRegressor _BaseVoting",
    "sklearn.ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor BaseWeightBoosting",
    "sklearn.ensemble.bagging": "BaggingClassifier BaggingRegressor BaseBagging",
    "sklearn.ensemble.base": "BaseEnsemble",
    "sklearn.ensemble.forest": (
        "BaseForest ExtraTreesClassifier ExtraTreesRegressor ForestClassifier ForestRegressor RandomForestClassifier "
        "RandomForestRegressor RandomTreesEmbedding"
    ),
    "sklearn.ensemble.gradient_boosting": (
        "BaseGradientBoosting BinomialDeviance ClassificationLossFunction ExponentialLoss GradientBoostingClassifier "
        "GradientBoostingRegressor HuberLossFunction LeastAbsoluteError LeastSquaresError LogOddsEstimator "
        "LossFunction MeanEstimator MultinomialDeviance PriorProbabilityEstimator QuantileEstimator "
        "QuantileLossFunction RegressionLossFunction ScaledLogOddsEstimator VerboseReporter ZeroEstimator"
    ),
    "sklearn.ensemble.iforest": "IsolationForest",
    "sklearn.ensemble.voting": "VotingClassifier VotingRegressor _BaseVoting",
    "sklearn.ensemble.voting_classifier": "VotingClassifier",
    "sklearn.ensemble.weight_boosting": "AdaBoostClassifier AdaBoostRegressor BaseWeightBoosting",
    "sklearn.externals.joblib.numpy_pickle": (
        "NDArrayWrapper=sibling-file NumpyArrayWrapper ZNDArrayWrapper=sibling-file"
    ),
    "sklearn.externals.joblib.numpy_pickle_compat": "NDArrayWrapper=sibling-file ZNDArrayWrapper=sibling-file",
    "sklearn.feature_extraction._dict_vectorizer": "DictVectorizer",
    "sklearn.feature_extraction._hash": "FeatureHasher",
    "sklearn.feature_extraction.dict_vectorizer": "DictVectorizer",
    "sklearn.feature_extraction.hashing": "FeatureHasher",
    "sklearn.feature_extraction.image": "PatchExtractor",
    "sklearn.feature_extraction.text": (
        "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer VectorizerMixin _VectorizerMixin"
    ),
    "sklearn.feature_selection._base": "SelectorMixin",
    "sklearn.feature_selection._from_model": "SelectFromModel",
    "sklearn.feature_selection._rfe": "RFE RFECV",
    "sklearn.feature_selection._sequential": "SequentialFeatureSelector",
    "sklearn.feature_selection._univariate_selection": (
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile _BaseFilter"
    ),
    "sklearn.feature_selection._variance_threshold": "VarianceThreshold",
    "sklearn.feature_selection.base": "SelectorMixin",
    "sklearn.feature_selection.from_model": "SelectFromModel",
    "sklearn.feature_selection.rfe": "RFE RFECV",
    "sklearn.feature_selection.univariate_selection": (
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile _BaseFilter"
    ),
    "sklearn.feature_selection.variance_threshold": "VarianceThreshold",
    "sklearn.frozen._frozen": "FrozenEstimator",
    "sklearn.gaussian_process._gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process._gpr": "GaussianProcessRegressor",
    "sklearn.gaussian_process.gaussian_process": "GaussianProcess",
    "sklearn.gaussian_process.gpc": "GaussianProcessClassifier _BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.gpr": "GaussianProcessRegressor",
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation GenericKernelMixin Hyperparameter "
        "Kernel KernelOperator Matern NormalizedKernelMixin PairwiseKernel Product RBF RationalQuadratic "
        "StationaryKernelMixin Sum WhiteKernel"
    ),
    "sklearn.grid_search": "BaseSearchCV GridSearchCV ParameterGrid ParameterSampler RandomizedSearchCV _CVScoreTuple",
    "sklearn.impute._base": "MissingIndicator SimpleImputer _BaseImputer",
    "sklearn.impute._iterative": "IterativeImputer _ImputerTriplet",
    "sklearn.impute._knn": "KNNImputer",
    "sklearn.inspection._partial_dependence": "PartialDependenceDisplay",
    "sklearn.inspection._plot.decision_boundary": "DecisionBoundaryDisplay",
    "sklearn.inspection._plot.partial_dependence": "PartialDependenceDisplay",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_approximation": "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler",
    "sklearn.kernel_ridge": "KernelRidge",
    "sklearn.linear_model._base": (
        "LinearClassifierMixin LinearModel LinearRegression MultiOutputLinearModel SparseCoefMixin"
    ),
    "sklearn.linear_model._bayes": "ARDRegression BayesianRidge",
    "sklearn.linear_model._coordinate_descent": (
        "ElasticNet ElasticNetCV Lasso LassoCV LinearModelCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso "
        "MultiTaskLassoCV"
    ),
    "sklearn.linear_model._glm._newton_solver": "NewtonCholeskySolver NewtonSolver",
    "sklearn.linear_model._glm.glm": (
        "GammaRegressor GeneralizedLinearRegressor PoissonRegressor TweedieRegressor _GeneralizedLinearRegressor"
    ),
    "sklearn.linear_model._glm.link": "BaseLink IdentityLink LogLink LogitLink",
    "sklearn.linear_model._huber": "HuberRegressor",
    "sklearn.linear_model._least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "sklearn.linear_model._linear_loss": "LinearModelLoss",
    "sklearn.linear_model._logistic": "LogisticRegression LogisticRegressionCV _LbfgsCallbackBridge",
    "sklearn.linear_model._omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "sklearn.linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "sklearn.linear_model._perceptron": "Perceptron",
    "sklearn.linear_model._quantile": "QuantileRegressor",
    "sklearn.linear_model._ransac": "RANSACRegressor",
    "sklearn.linear_model._ridge": (
        "Ridge RidgeCV RidgeClassifier RidgeClassifierCV _BaseRidge _BaseRidgeCV _IdentityClassifier "
        "_IdentityRegressor _RidgeClassifierMixin _RidgeGCV _XT_CenterStackOp _X_CenterStackOp"
    ),
    "sklearn.linear_model._stochastic_gradient": (
        "BaseSGD BaseSGDClassifier BaseSGDRegressor SGDClassifier SGDOneClassSVM SGDRegressor _ValidationScoreCallback"
    ),
    "sklearn.linear_model._theil_sen": "TheilSenRegressor",
    "sklearn.linear_model.base": "LinearClassifierMixin LinearModel LinearRegression SparseCoefMixin",
    "sklearn.linear_model.bayes": "ARDRegression BayesianRidge",
    "sklearn.linear_model.coordinate_descent": (
        "ElasticNet ElasticNetCV Lasso LassoCV LinearModelCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso "
        "MultiTaskLassoCV"
    ),
    "sklearn.linear_model.huber": "HuberRegressor",
    "sklearn.linear_model.least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
    "sklearn.linear_model.logistic": "LogisticRegression LogisticRegressionCV",
    "sklearn.linear_model.omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
    "sklearn.linear_model.passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
    "sklearn.linear_model.perceptron": "Perceptron",
    "sklearn.linear_model.randomized_l1": "BaseRandomizedLinearModel RandomizedLasso RandomizedLogisticRegression",
    "sklearn.linear_model.ransac": "RANSACRegressor",
    "sklearn.linear_model.ridge": (
        "Ridge RidgeCV RidgeClassifier RidgeClassifierCV _BaseRidge _BaseRidgeCV _RidgeGCV _X_operator _Xt_operator"
    ),
    "sklearn.linear_model.stochastic_gradient": (
        "BaseSGD BaseSGDClassifier BaseSGDRegressor SGDClassifier SGDRegressor _ValidationScoreCallback"
    ),
    "sklearn.linear_model.theil_sen": "TheilSenRegressor",
    "sklearn.manifold._classical_mds": "ClassicalMDS",
    "sklearn.manifold._isomap": "Isomap",
    "sklearn.manifold._locally_linear": "LocallyLinearEmbedding",
    "sklearn.manifold._mds": "MDS",
    "sklearn.manifold._spectral_embedding": "SpectralEmbedding",
    "sklearn.manifold._t_sne": "TSNE",
    "sklearn.manifold.isomap": "Isomap",
    "sklearn.manifold.locally_linear": "LocallyLinearEmbedding",
    "sklearn.manifold.mds": "MDS",
    "sklearn.manifold.spectral_embedding_": "SpectralEmbedding",
    "sklearn.manifold.t_sne": "TSNE",
    "sklearn.metrics._dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance CanberraDistance32 "
        "CanberraDistance64 ChebyshevDistance ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance32 "
        "DiceDistance64 DistanceMetric DistanceMetric32 DistanceMetric64 EuclideanDistance EuclideanDistance32 "
        "EuclideanDistance64 HammingDistance HammingDistance32 HammingDistance64 HaversineDistance HaversineDistance32 "
        "HaversineDistance64 JaccardDistance JaccardDistance32 JaccardDistance64 KulsinskiDistance KulsinskiDistance32 "
        "KulsinskiDistance64 MahalanobisDistance MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance "
        "ManhattanDistance32 ManhattanDistance64 MatchingDistance MatchingDistance32 MatchingDistance64 "
        "MinkowskiDistance MinkowskiDistance32 MinkowskiDistance64 PyFuncDistance PyFuncDistance32 PyFuncDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance "
        "RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance SEuclideanDistance32 SEuclideanDistance64 "
        "SokalMichenerDistance SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance "
        "SokalSneathDistance32 SokalSneathDistance64 WMinkowskiDistance WMinkowskiDistance32 WMinkowskiDistance64"
    ),
    "sklearn.metrics._pairwise_distances_reduction._dispatcher": (
        "ArgKmin ArgKminClassMode BaseDistancesReductionDispatcher RadiusNeighbors RadiusNeighborsClassMode"
    ),
    "sklearn.metrics._plot.confusion_matrix": "ConfusionMatrixDisplay",
    "sklearn.metrics._plot.det_curve": "DetCurveDisplay",
    "sklearn.metrics._plot.precision_recall_curve": "PrecisionRecallDisplay",
    "sklearn.metrics._plot.regression": "PredictionErrorDisplay",
    "sklearn.metrics._plot.roc_curve": "RocCurveDisplay",
    "sklearn.metrics._scorer": (
        "_BaseScorer _CurveScorer _DeprecatedScorers _MultimetricScorer _PassthroughScorer _PredictScorer _ProbaScorer "
        "_Scorer _ThresholdScorer"
    ),
    "sklearn.metrics.dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance CanberraDistance32 "
        "CanberraDistance64 ChebyshevDistance ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance32 "
        "DiceDistance64 DistanceMetric DistanceMetric32 DistanceMetric64 EuclideanDistance EuclideanDistance32 "
        "EuclideanDistance64 HammingDistance HammingDistance32 HammingDistance64 HaversineDistance HaversineDistance32 "
        "HaversineDistance64 JaccardDistance JaccardDistance32 JaccardDistance64 KulsinskiDistance KulsinskiDistance32 "
        "KulsinskiDistance64 MahalanobisDistance MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance "
        "ManhattanDistance32 ManhattanDistance64 MatchingDistance MatchingDistance32 MatchingDistance64 "
        "MinkowskiDistance MinkowskiDistance32 MinkowskiDistance64 PyFuncDistance PyFuncDistance32 PyFuncDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance "
        "RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance SEuclideanDistance32 SEuclideanDistance64 "
        "SokalMichenerDistance SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance "
        "SokalSneathDistance32 SokalSneathDistance64 WMinkowskiDistance WMinkowskiDistance32 WMinkowskiDistance64"
    ),
    "sklearn.metrics.scorer": "_BaseScorer _PredictScorer _ProbaScorer _ThresholdScorer",
    "sklearn.mixture._base": "BaseMixture",
    "sklearn.mixture._bayesian_mixture": "BayesianGaussianMixture",
    "sklearn.mixture._gaussian_mixture": "GaussianMixture",
    "sklearn.mixture.base": "BaseMixture",
    "sklearn.mixture.bayesian_mixture": "BayesianGaussianMixture",
    "sklearn.mixture.dpgmm": "DPGMM VBGMM _DPGMMBase",
    "sklearn.mixture.gaussian_mixture": "GaussianMixture",
    "sklearn.mixture.gmm": "GMM _GMMBase",
    "sklearn.model_selection._classification_threshold": (
        "BaseThresholdClassifier FixedThresholdClassifier TunedThresholdClassifierCV _CurveScorer"
    ),
    "sklearn.model_selection._plot": "LearningCurveDisplay ValidationCurveDisplay _BaseCurveDisplay",
    "sklearn.model_selection._search": (
        "BaseSearchCV GridSearchCV ParameterGrid ParameterSampler RandomizedSearchCV _CVScoreTuple"
    ),
    "sklearn.model_selection._search_successive_halving": (
        "BaseSuccessiveHalving HalvingGridSearchCV HalvingRandomSearchCV _SubsampleMetaSplitter"
    ),
    "sklearn.model_selection._split": (
        "BaseCrossValidator BaseShuffleSplit GroupKFold GroupShuffleSplit GroupsConsumerMixin KFold LeaveOneGroupOut "
        "LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit "
        "StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit _BaseKFold _CVIterableWrapper "
        "_RepeatedSplits _UnsupportedGroupCVMixin"
    ),
    "sklearn.multiclass": "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier _ConstantPredictor",
    "sklearn.multioutput": (
        "ClassifierChain MultiOutputClassifier MultiOutputEstimator MultiOutputRegressor RegressorChain _BaseChain "
        "_MultiOutputEstimator"
    ),
    "sklearn.naive_bayes": (
        "BaseDiscreteNB BaseNB BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB _BaseDiscreteNB _BaseNB"
    ),
    "sklearn.neighbors._ball_tree": (
        "BallTree BallTree32 BallTree64 BinaryTree KDTree KDTree32 KDTree64 NeighborsHeap NodeDistance"
    ),
    "sklearn.neighbors._base": (
        "KNeighborsMixin NeighborsBase RadiusNeighborsMixin SupervisedFloatMixin SupervisedIntegerMixin "
        "UnsupervisedMixin"
    ),
    "sklearn.neighbors._classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "sklearn.neighbors._dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance CanberraDistance32 "
        "CanberraDistance64 ChebyshevDistance ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance32 "
        "DiceDistance64 DistanceMetric DistanceMetric32 DistanceMetric64 EuclideanDistance EuclideanDistance32 "
        "EuclideanDistance64 HammingDistance HammingDistance32 HammingDistance64 HaversineDistance HaversineDistance32 "
        "HaversineDistance64 JaccardDistance JaccardDistance32 JaccardDistance64 KulsinskiDistance KulsinskiDistance32 "
        "KulsinskiDistance64 MahalanobisDistance MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance "
        "ManhattanDistance32 ManhattanDistance64 MatchingDistance MatchingDistance32 MatchingDistance64 "
        "MinkowskiDistance MinkowskiDistance32 MinkowskiDistance64 PyFuncDistance PyFuncDistance32 PyFuncDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance "
        "RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance SEuclideanDistance32 SEuclideanDistance64 "
        "SokalMichenerDistance SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance "
        "SokalSneathDistance32 SokalSneathDistance64 WMinkowskiDistance WMinkowskiDistance32 WMinkowskiDistance64"
    ),
    "sklearn.neighbors._graph": "KNeighborsTransformer RadiusNeighborsTransformer",
    "sklearn.neighbors._kd_tree": (
        "BallTree BallTree32 BallTree64 BinaryTree KDTree KDTree32 KDTree64 NeighborsHeap NodeDistance"
    ),
    "sklearn.neighbors._kde": "KernelDensity",
    "sklearn.neighbors._lof": "LocalOutlierFactor",
    "sklearn.neighbors._nca": "NeighborhoodComponentsAnalysis",
    "sklearn.neighbors._nearest_centroid": "NearestCentroid",
    "sklearn.neighbors._regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "sklearn.neighbors._unsupervised": "NearestNeighbors",
    "sklearn.neighbors.approximate": "GaussianRandomProjectionHash LSHForest ProjectionToHashMixin",
    "sklearn.neighbors.ball_tree": (
        "BallTree BallTree32 BallTree64 BinaryTree KDTree KDTree32 KDTree64 NeighborsHeap NodeDistance"
    ),
    "sklearn.neighbors.base": (
        "KNeighborsMixin NeighborsBase RadiusNeighborsMixin SupervisedFloatMixin SupervisedIntegerMixin "
        "UnsupervisedMixin"
    ),
    "sklearn.neighbors.classification": "KNeighborsClassifier RadiusNeighborsClassifier",
    "sklearn.neighbors.dist_metrics": (
        "BrayCurtisDistance BrayCurtisDistance32 BrayCurtisDistance64 CanberraDistance CanberraDistance32 "
        "CanberraDistance64 ChebyshevDistance ChebyshevDistance32 ChebyshevDistance64 DiceDistance DiceDistance32 "
        "DiceDistance64 DistanceMetric DistanceMetric32 DistanceMetric64 EuclideanDistance EuclideanDistance32 "
        "EuclideanDistance64 HammingDistance HammingDistance32 HammingDistance64 HaversineDistance HaversineDistance32 "
        "HaversineDistance64 JaccardDistance JaccardDistance32 JaccardDistance64 KulsinskiDistance KulsinskiDistance32 "
        "KulsinskiDistance64 MahalanobisDistance MahalanobisDistance32 MahalanobisDistance64 ManhattanDistance "
        "ManhattanDistance32 ManhattanDistance64 MatchingDistance MatchingDistance32 MatchingDistance64 "
        "MinkowskiDistance MinkowskiDistance32 MinkowskiDistance64 PyFuncDistance PyFuncDistance32 PyFuncDistance64 "
        "RogersTanimotoDistance RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance "
        "RussellRaoDistance32 RussellRaoDistance64 SEuclideanDistance SEuclideanDistance32 SEuclideanDistance64 "
        "SokalMichenerDistance SokalMichenerDistance32 SokalMichenerDistance64 SokalSneathDistance "
        "SokalSneathDistance32 SokalSneathDistance64 WMinkowskiDistance WMinkowskiDistance32 WMinkowskiDistance64"
    ),
    "sklearn.neighbors.kd_tree": (
        "BallTree BallTree32 BallTree64 BinaryTree KDTree KDTree32 KDTree64 NeighborsHeap NodeDistance"
    ),
    "sklearn.neighbors.kde": "KernelDensity",
    "sklearn.neighbors.lof": "LocalOutlierFactor",
    "sklearn.neighbors.nca": "NeighborhoodComponentsAnalysis",
    "sklearn.neighbors.nearest_centroid": "NearestCentroid",
    "sklearn.neighbors.regression": "KNeighborsRegressor RadiusNeighborsRegressor",
    "sklearn.neighbors.unsupervised": "NearestNeighbors",
    "sklearn.neural_network._multilayer_perceptron": "BaseMultilayerPerceptron MLPClassifier MLPRegressor",
    "sklearn.neural_network._rbm": "BernoulliRBM",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer BaseOptimizer SGDOptimizer",
    "sklearn.neural_network.multilayer_perceptron": "BaseMultilayerPerceptron MLPClassifier MLPRegressor",
    "sklearn.neural_network.rbm": "BernoulliRBM",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing._data": (
        "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures PowerTransformer "
        "QuantileTransformer RobustScaler StandardScaler"
    ),
    "sklearn.preprocessing._discretization": "KBinsDiscretizer",
    "sklearn.preprocessing._encoders": "OneHotEncoder OrdinalEncoder _BaseEncoder",
    "sklearn.preprocessing._function_transformer": "FunctionTransformer",
    "sklearn.preprocessing._label": "LabelBinarizer LabelEncoder MultiLabelBinarizer",
    "sklearn.preprocessing._polynomial": "PolynomialFeatures SplineTransformer",
    "sklearn.preprocessing._target_encoder": "TargetEncoder",
    "sklearn.preprocessing.data": (
        "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder PolynomialFeatures "
        "PowerTransformer QuantileTransformer RobustScaler StandardScaler"
    ),
    "sklearn.preprocessing.imputation": "Imputer",
    "sklearn.preprocessing.label": "LabelBinarizer LabelEncoder MultiLabelBinarizer",
    "sklearn.random_projection": "BaseRandomProjection GaussianRandomProjection SparseRandomProjection",
    "sklearn.semi_supervised._label_propagation": "BaseLabelPropagation LabelPropagation LabelSpreading",
    "sklearn.semi_supervised._self_training": "SelfTrainingClassifier",
    "sklearn.semi_supervised.label_propagation": "BaseLabelPropagation LabelPropagation LabelSpreading",
    "sklearn.svm._base": "BaseLibSVM BaseSVC",
    "sklearn.svm._classes": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.svm.base": "BaseLibSVM BaseSVC",
    "sklearn.svm.classes": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.tree._classes": (
        "BaseDecisionTree DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
    "sklearn.tree._export": "Sentinel _BaseTreeExporter _DOTTreeExporter _MPLTreeExporter",
    "sklearn.tree._reingold_tilford": "DrawTree Tree",
    "sklearn.tree.export": "Sentinel _BaseTreeExporter _DOTTreeExporter _MPLTreeExporter",
    "sklearn.tree.tree": (
        "BaseDecisionTree DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
    "sklearn.utils": "Bunch",
    "sklearn.utils._array_api": "NamespaceAndDevice _ArrayAPIWrapper",
    "sklearn.utils._available_if": "_AvailableIfDescriptor",
    "sklearn.utils._bunch": "Bunch",
    "sklearn.utils._encode": "MissingValues _NaNCounter _nandict",
    "sklearn.utils._estimator_html_repr": "_HTMLDocumentationLinkMixin _IDCounter _VisualBlock",
    "sklearn.utils._metadata_requests": (
        "MetadataRequest MetadataRouter MethodMapping MethodMetadataRequest MethodPair RequestMethod RouterMappingPair "
        "_MetadataRequester _RoutingNotSupportedMixin"
    ),
    "sklearn.utils._param_validation": (
        "HasMethods Hidden Interval MissingValues Options StrOptions _ArrayLikes _Booleans _CVObjects _Callables "
        "_Constraint _InstancesOf _IterablesNotString _NanConstraint _NoneConstraint _PandasNAConstraint _RandomStates "
        "_SparseMatrices _VerboseHelper"
    ),
    "sklearn.utils._plotting": "_BinaryClassifierCurveDisplayMixin",
    "sklearn.utils._pprint": "KeyValTuple KeyValTupleParam",
    "sklearn.utils._repr_html.base": "ReprHTMLMixin _HTMLDocumentationLinkMixin _IDCounter",
    "sklearn.utils._repr_html.estimator": "_IDCounter _VisualBlock",
    "sklearn.utils._repr_html.fitted_attributes": "AttrsDict",
    "sklearn.utils._repr_html.params": "ParamsDict",
    "sklearn.utils._set_output": (
        "ContainerAdapterProtocol ContainerAdaptersManager PandasAdapter PolarsAdapter _SetOutputMixin"
    ),
    "sklearn.utils._tags": "ClassifierTags InputTags RegressorTags Tags TargetTags TransformerTags",
    "sklearn.utils._unittest_backport": "_AssertRaisesBaseContext _AssertRaisesContext _BaseTestCaseContext",
    "sklearn.utils.deprecation": "DeprecationDict deprecated",
    "sklearn.utils.fixes": "MaskedArray _FuncWrapper",
    "sklearn.utils.linear_assignment_": "_HungarianState",
    "sklearn.utils.metaestimators": "_AvailableIfDescriptor _BaseComposition _IffHasAttrDescriptor",
    "sklearn.utils.parallel": "Parallel _FuncWrapper",
}
REFER: dict[str, str] = {
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.feature_extraction.text": "strip_accents_ascii strip_accents_unicode strip_tags",
    "sklearn.feature_selection": "chi2 f_classif f_regression mutual_info_classif mutual_info_regression r_regression",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
    "sklearn.feature_selection.mutual_info_": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection.univariate_selection": "chi2 f_classif f_oneway f_regression",
    "sklearn.gaussian_process.correlation_models": (
        "absolute_exponential cubic generalized_exponential linear pure_nugget squared_exponential"
    ),
    "sklearn.gaussian_process.regression_models": "constant linear quadratic",
    "sklearn.metrics": (
        "accuracy_score f1_score log_loss make_scorer mean_absolute_error mean_squared_error precision_score r2_score "
        "recall_score roc_auc_score"
    ),
    "sklearn.metrics._classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss class_likelihood_ratios classification_report "
        "cohen_kappa_score confusion_matrix d2_brier_score d2_log_loss_score f1_score fbeta_score hamming_loss "
        "hinge_loss jaccard_score jaccard_similarity_score log_loss matthews_corrcoef multilabel_confusion_matrix "
        "precision_recall_fscore_support precision_score recall_score zero_one_loss"
    ),
    "sklearn.metrics._ranking": (
        "auc average_precision_score confusion_matrix_at_thresholds coverage_error dcg_score det_curve "
        "label_ranking_average_precision_score label_ranking_loss metric_at_thresholds ndcg_score "
        "precision_recall_curve roc_auc_score roc_curve top_k_accuracy_score"
    ),
    "sklearn.metrics._regression": (
        "d2_absolute_error_score d2_pinball_score d2_tweedie_score explained_variance_score max_error "
        "mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss "
        "mean_poisson_deviance mean_squared_error mean_squared_log_error mean_tweedie_deviance median_absolute_error "
        "r2_score root_mean_squared_error root_mean_squared_log_error"
    ),
    "sklearn.metrics._scorer": (
        "_passthrough_scorer get_scorer get_scorer_names negative_likelihood_ratio positive_likelihood_ratio"
    ),
    "sklearn.metrics.classification": (
        "accuracy_score balanced_accuracy_score brier_score_loss classification_report cohen_kappa_score "
        "confusion_matrix f1_score fbeta_score hamming_loss hinge_loss jaccard_score jaccard_similarity_score log_loss "
        "matthews_corrcoef multilabel_confusion_matrix precision_recall_fscore_support precision_score recall_score "
        "zero_one_loss"
    ),
    "sklearn.metrics.cluster._supervised": (
        "adjusted_mutual_info_score adjusted_rand_score completeness_score contingency_matrix entropy "
        "fowlkes_mallows_score homogeneity_completeness_v_measure homogeneity_score mutual_info_score "
        "normalized_mutual_info_score pair_confusion_matrix rand_score v_measure_score"
    ),
    "sklearn.metrics.cluster._unsupervised": (
        "calinski_harabasz_score calinski_harabaz_score davies_bouldin_score silhouette_samples silhouette_score"
    ),
    "sklearn.metrics.cluster.supervised": (
        "adjusted_mutual_info_score adjusted_rand_score comb2 completeness_score contingency_matrix entropy "
        "fowlkes_mallows_score homogeneity_completeness_v_measure homogeneity_score mutual_info_score "
        "normalized_mutual_info_score v_measure_score"
    ),
    "sklearn.metrics.cluster.unsupervised": (
        "calinski_harabasz_score calinski_harabaz_score davies_bouldin_score silhouette_samples silhouette_score"
    ),
    "sklearn.metrics.pairwise": (
        "additive_chi2_kernel chi2_kernel cosine_distances cosine_similarity distance_metrics euclidean_distances "
        "haversine_distances kernel_metrics laplacian_kernel linear_kernel manhattan_distances nan_euclidean_distances "
        "paired_cosine_distances paired_distances paired_euclidean_distances paired_manhattan_distances "
        "pairwise_distances pairwise_distances_argmin pairwise_distances_argmin_min pairwise_distances_chunked "
        "pairwise_kernels polynomial_kernel rbf_kernel sigmoid_kernel"
    ),
    "sklearn.metrics.ranking": (
        "auc average_precision_score coverage_error label_ranking_average_precision_score label_ranking_loss "
        "precision_recall_curve roc_auc_score roc_curve"
    ),
    "sklearn.metrics.regression": (
        "explained_variance_score max_error mean_absolute_error mean_squared_error mean_squared_log_error "
        "median_absolute_error r2_score"
    ),
    "sklearn.metrics.scorer": "_passthrough_scorer get_scorer",
    "sklearn.model_selection._search_successive_halving": "_refit_callable _top_k",
    "sklearn.preprocessing._data": (
        "add_dummy_feature binarize maxabs_scale minmax_scale normalize power_transform quantile_transform "
        "robust_scale scale"
    ),
    "sklearn.preprocessing.data": (
        "add_dummy_feature binarize maxabs_scale minmax_scale normalize power_transform quantile_transform "
        "robust_scale scale"
    ),
    "sklearn.utils.extmath": (
        "cartesian density fast_dot fast_logdet log_logistic logsumexp norm pinvh randomized_range_finder "
        "randomized_svd row_norms safe_min safe_sparse_dot safe_sqr softmax squared_norm stable_cumsum svd_flip "
        "weighted_mode"
    ),
}
