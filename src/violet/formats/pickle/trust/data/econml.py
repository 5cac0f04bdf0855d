"""Names trusted in pickles (econml). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "econml._cate_estimator": (
        "BaseCateEstimator DebiasedLassoCateEstimatorDiscreteMixin DebiasedLassoCateEstimatorMixin "
        "ForestModelFinalCateEstimatorDiscreteMixin ForestModelFinalCateEstimatorMixin LinearCateEstimator "
        "LinearModelFinalCateEstimatorDiscreteMixin LinearModelFinalCateEstimatorMixin "
        "StatsModelsCateEstimatorDiscreteMixin StatsModelsCateEstimatorMixin TreatmentExpansionMixin"
    ),
    "econml._ensemble._ensemble": "BaseEnsemble",
    "econml._ortho_learner": "CachedValues _OrthoLearner",
    "econml._tree_exporter": (
        "_CateTreeDOTExporter _CateTreeMPLExporter _CateTreeMixin _DOTExporter _MPLExporter _PolicyTreeDOTExporter "
        "_PolicyTreeMPLExporter _PolicyTreeMixin _SingleTreeExporterMixin _TreeExporter"
    ),
    "econml.automated_ml._automated_ml": "AutomatedMLMixin AutomatedMLModel _InnerAutomatedMLModel",
    "econml.cate_interpreter._interpreters": (
        "SingleTreeCateInterpreter SingleTreePolicyInterpreter _SingleTreeInterpreter"
    ),
    "econml.data.dynamic_panel_dgp": "AbstracDynamicPanelDGP DynamicPanelDGP SemiSynthetic",
    "econml.dml._rlearner": "_ModelFinal _ModelNuisance _RLearner",
    "econml.dml.causal_forest": (
        "CausalForestDML _CausalForestFinalWrapper _GenericSingleOutcomeModelFinalWithCovInference"
    ),
    "econml.dml.dml": (
        "DML KernelDML LinearDML NonParamDML SparseLinearDML _BaseDML _FinalWrapper _FirstStageSelector "
        "_FirstStageWrapper _RandomFeatures"
    ),
    "econml.dr._drlearner": (
        "DRLearner ForestDRLearner LinearDRLearner SparseLinearDRLearner _ModelFinal _ModelNuisance"
    ),
    "econml.federated_learning": "FederatedEstimator",
    "econml.grf._base_grf": "BaseGRF",
    "econml.grf._base_grftree": "GRFTree",
    "econml.grf.classes": "CausalForest CausalIVForest MultiOutputGRF RegressionForest",
    "econml.inference._inference": (
        "EmpiricalInferenceResults GenericModelFinalInference GenericModelFinalInferenceDiscrete "
        "GenericSingleTreatmentModelFinalInference Inference InferenceResults LinearModelFinalInference "
        "LinearModelFinalInferenceDiscrete NormalInferenceResults PopulationSummaryResults StatsModelsInference "
        "StatsModelsInferenceDiscrete"
    ),
    "econml.iv.dml._dml": (
        "DMLIV NonParamDMLIV OrthoIV _BaseDMLIV _BaseDMLIVModelFinal _BaseDMLIVNuisanceSelector _OrthoIVModelFinal "
        "_OrthoIVNuisanceSelector"
    ),
    "econml.iv.dr._dr": (
        "DRIV ForestDRIV IntentToTreatDRIV LinearDRIV LinearIntentToTreatDRIV SparseLinearDRIV _BaseDRIV "
        "_BaseDRIVModelFinal _BaseDRIVNuisanceCovarianceSelector _BaseDRIVNuisanceSelector _DRIV _DummyCATE "
        "_DummyClassifier _IntentToTreatDRIV _IntentToTreatDRIVNuisanceSelector"
    ),
    "econml.iv.sieve._tsls": "DPolynomialFeatures HermiteFeatures SieveTSLS",
    "econml.metalearners._metalearners": "DomainAdaptationLearner SLearner TLearner XLearner",
    "econml.orf._causal_tree": "CausalTree Node",
    "econml.orf._ortho_forest": (
        "BLBInference BaseOrthoForest DMLOrthoForest DROrthoForest _DMLOrthoForest_nuisance_estimator_generator "
        "_DMLOrthoForest_second_stage_parameter_estimator_gen"
    ),
    "econml.panel.dml._dml": (
        "DynamicDML _DynamicFinalWrapper _DynamicModelFinal _DynamicModelNuisanceSelector _LinearDynamicModelFinal"
    ),
    "econml.policy._base": "PolicyLearner",
    "econml.policy._drlearner": "DRPolicyForest DRPolicyTree _BaseDRPolicyLearner _DRLearnerWrapper _PolicyModelFinal",
    "econml.policy._forest._forest": "PolicyForest",
    "econml.policy._forest._tree": "PolicyTree",
    "econml.score.rscorer": "RScorer",
    "econml.sklearn_extensions.linear_model": (
        "DebiasedLasso MultiOutputDebiasedLasso SelectiveRegularization StatsModels2SLS StatsModelsLinearRegression "
        "StatsModelsRLM WeightedLasso WeightedLassoCV WeightedLassoCVWrapper WeightedLassoWrapper WeightedModelMixin "
        "WeightedMultiTaskLasso WeightedMultiTaskLassoCV _PairedEstimatorWrapper _StatsModelsWrapper "
        "_WeightedCVIterableWrapper"
    ),
    "econml.sklearn_extensions.model_selection": (
        "FixedModelSelector GridSearchCVList ListSelector ModelSelector SingleModelSelector SklearnCVSelector "
        "WeightedKFold WeightedStratifiedKFold"
    ),
    "econml.solutions.causal_analysis._causal_analysis": (
        "CausalAnalysis _CausalInsightsConstants _ColumnTransformer _FrozenTransformer _PolicyOutput _Wrapper _result"
    ),
    "econml.tree._tree_classes": "BaseTree",
    "econml.utilities": (
        "IdentityFeatures MissingModule MultiModelWrapper SeparateModel Summary WeightedModelWrapper "
        "_RegressionWrapper _TransformerWrapper"
    ),
    "econml.validate.drtester": "DRTester DRtester",
    "econml.validate.results": (
        "BLPEvaluationResults CalibrationEvaluationResults EvaluationResults UpliftEvaluationResults"
    ),
    "econml.validate.sensitivity_analysis": "SensitivityParams",
}
