"""Names trusted in pickles (torchmetrics). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "torchmetrics.functional.regression.kendall": "_MetricVariant _TestAlternative",
    "torchmetrics.functional.text.helper": "_EditOperations",
    "torchmetrics.functional.text.infolm": "_IMEnum",
    "torchmetrics.utilities.enums": (
        "AverageMethod ClassificationTask ClassificationTaskNoBinary ClassificationTaskNoMultilabel DataType EnumStr "
        "MDMCAverageMethod"
    ),
    "torchmetrics.utilities.exceptions": "TorchMetricsUserError TorchMetricsUserWarning",
}
CONSTRUCT: dict[str, str] = {
    "torchmetrics.aggregation": (
        "BaseAggregator CatMetric MaxMetric MeanMetric MinMetric RunningMean RunningSum SumMetric"
    ),
    "torchmetrics.audio._deprecated": (
        "_PermutationInvariantTraining _ScaleInvariantSignalDistortionRatio _ScaleInvariantSignalNoiseRatio "
        "_SignalDistortionRatio _SignalNoiseRatio"
    ),
    "torchmetrics.audio.dnsmos": "DeepNoiseSuppressionMeanOpinionScore",
    "torchmetrics.audio.nisqa": "NonIntrusiveSpeechQualityAssessment",
    "torchmetrics.audio.pesq": "PerceptualEvaluationSpeechQuality",
    "torchmetrics.audio.pit": "PermutationInvariantTraining",
    "torchmetrics.audio.sdr": (
        "ScaleInvariantSignalDistortionRatio SignalDistortionRatio SourceAggregatedSignalDistortionRatio"
    ),
    "torchmetrics.audio.snr": "ComplexScaleInvariantSignalNoiseRatio ScaleInvariantSignalNoiseRatio SignalNoiseRatio",
    "torchmetrics.audio.srmr": "SpeechReverberationModulationEnergyRatio",
    "torchmetrics.audio.stoi": "ShortTimeObjectiveIntelligibility",
    "torchmetrics.classification.accuracy": "BinaryAccuracy MulticlassAccuracy MultilabelAccuracy",
    "torchmetrics.classification.auroc": "BinaryAUROC MulticlassAUROC MultilabelAUROC",
    "torchmetrics.classification.average_precision": (
        "BinaryAveragePrecision MulticlassAveragePrecision MultilabelAveragePrecision"
    ),
    "torchmetrics.classification.base": "_ClassificationTaskWrapper",
    "torchmetrics.classification.calibration_error": "BinaryCalibrationError MulticlassCalibrationError",
    "torchmetrics.classification.cohen_kappa": "BinaryCohenKappa MulticlassCohenKappa",
    "torchmetrics.classification.confusion_matrix": (
        "BinaryConfusionMatrix MulticlassConfusionMatrix MultilabelConfusionMatrix"
    ),
    "torchmetrics.classification.eer": "BinaryEER MulticlassEER MultilabelEER",
    "torchmetrics.classification.exact_match": "MulticlassExactMatch MultilabelExactMatch",
    "torchmetrics.classification.f_beta": (
        "BinaryF1Score BinaryFBetaScore MulticlassF1Score MulticlassFBetaScore MultilabelF1Score MultilabelFBetaScore"
    ),
    "torchmetrics.classification.group_fairness": "BinaryFairness BinaryGroupStatRates _AbstractGroupStatScores",
    "torchmetrics.classification.hamming": "BinaryHammingDistance MulticlassHammingDistance MultilabelHammingDistance",
    "torchmetrics.classification.hinge": "BinaryHingeLoss MulticlassHingeLoss",
    "torchmetrics.classification.jaccard": "BinaryJaccardIndex MulticlassJaccardIndex MultilabelJaccardIndex",
    "torchmetrics.classification.logauc": "BinaryLogAUC MulticlassLogAUC MultilabelLogAUC",
    "torchmetrics.classification.matthews_corrcoef": (
        "BinaryMatthewsCorrCoef MulticlassMatthewsCorrCoef MultilabelMatthewsCorrCoef"
    ),
    "torchmetrics.classification.negative_predictive_value": (
        "BinaryNegativePredictiveValue MulticlassNegativePredictiveValue MultilabelNegativePredictiveValue"
    ),
    "torchmetrics.classification.precision_fixed_recall": (
        "BinaryPrecisionAtFixedRecall MulticlassPrecisionAtFixedRecall MultilabelPrecisionAtFixedRecall"
    ),
    "torchmetrics.classification.precision_recall": (
        "BinaryPrecision BinaryRecall MulticlassPrecision MulticlassRecall MultilabelPrecision MultilabelRecall"
    ),
    "torchmetrics.classification.precision_recall_curve": (
        "BinaryPrecisionRecallCurve MulticlassPrecisionRecallCurve MultilabelPrecisionRecallCurve"
    ),
    "torchmetrics.classification.ranking": (
        "MultilabelCoverageError MultilabelRankingAveragePrecision MultilabelRankingLoss"
    ),
    "torchmetrics.classification.recall_fixed_precision": (
        "BinaryRecallAtFixedPrecision MulticlassRecallAtFixedPrecision MultilabelRecallAtFixedPrecision"
    ),
    "torchmetrics.classification.roc": "BinaryROC MulticlassROC MultilabelROC",
    "torchmetrics.classification.sensitivity_specificity": (
        "BinarySensitivityAtSpecificity MulticlassSensitivityAtSpecificity MultilabelSensitivityAtSpecificity"
    ),
    "torchmetrics.classification.specificity": "BinarySpecificity MulticlassSpecificity MultilabelSpecificity",
    "torchmetrics.classification.specificity_sensitivity": (
        "BinarySpecificityAtSensitivity MulticlassSpecificityAtSensitivity MultilabelSpecificityAtSensitivity"
    ),
    "torchmetrics.classification.stat_scores": (
        "BinaryStatScores MulticlassStatScores MultilabelStatScores _AbstractStatScores"
    ),
    "torchmetrics.clustering.adjusted_mutual_info_score": "AdjustedMutualInfoScore",
    "torchmetrics.clustering.adjusted_rand_score": "AdjustedRandScore",
    "torchmetrics.clustering.calinski_harabasz_score": "CalinskiHarabaszScore",
    "torchmetrics.clustering.cluster_accuracy": "ClusterAccuracy",
    "torchmetrics.clustering.davies_bouldin_score": "DaviesBouldinScore",
    "torchmetrics.clustering.dunn_index": "DunnIndex",
    "torchmetrics.clustering.fowlkes_mallows_index": "FowlkesMallowsIndex",
    "torchmetrics.clustering.homogeneity_completeness_v_measure": "CompletenessScore HomogeneityScore VMeasureScore",
    "torchmetrics.clustering.mutual_info_score": "MutualInfoScore",
    "torchmetrics.clustering.normalized_mutual_info_score": "NormalizedMutualInfoScore",
    "torchmetrics.clustering.rand_score": "RandScore",
    "torchmetrics.collections": "MetricCollection",
    "torchmetrics.detection._deprecated": "_ModifiedPanopticQuality _PanopticQuality",
    "torchmetrics.detection._mean_ap": (
        "BaseMetricResults COCOMetricResults MAPMetricResults MARMetricResults MeanAveragePrecision"
    ),
    "torchmetrics.detection.ciou": "CompleteIntersectionOverUnion",
    "torchmetrics.detection.diou": "DistanceIntersectionOverUnion",
    "torchmetrics.detection.giou": "GeneralizedIntersectionOverUnion",
    "torchmetrics.detection.helpers": "CocoBackend",
    "torchmetrics.detection.iou": "IntersectionOverUnion",
    "torchmetrics.detection.mean_ap": "MeanAveragePrecision",
    "torchmetrics.detection.panoptic_qualities": "ModifiedPanopticQuality PanopticQuality",
    "torchmetrics.functional.audio.dnsmos": "InferenceSession",
    "torchmetrics.functional.audio.nisqa": (
        "_AdaptCNN _Framewise _NISQADIM _PoolAttFF _Pooling _SelfAttention _SelfAttentionLayer _TimeDependency"
    ),
    "torchmetrics.functional.image.arniqa": "_ARNIQA _NoTrainArniqa",
    "torchmetrics.functional.image.dists": "DISTSNetwork L2pooling",
    "torchmetrics.functional.image.lpips": "Alexnet NetLinLayer ScalingLayer SqueezeNet Vgg16 _LPIPS _NoTrainLpips",
    "torchmetrics.functional.image.perceptual_path_length": "GeneratorType",
    "torchmetrics.functional.text.helper": "_LevenshteinEditDistance",
    "torchmetrics.functional.text.helper_embedding_metric": "TextDataset TokenizedDataset",
    "torchmetrics.functional.text.infolm": "_InformationMeasure",
    "torchmetrics.functional.text.sacre_bleu": "_SacreBLEUTokenizer",
    "torchmetrics.functional.text.ter": "_TercomTokenizer",
    "torchmetrics.image._deprecated": (
        "_ErrorRelativeGlobalDimensionlessSynthesis _MultiScaleStructuralSimilarityIndexMeasure _PeakSignalNoiseRatio "
        "_RelativeAverageSpectralError _RootMeanSquaredErrorUsingSlidingWindow _SpectralAngleMapper "
        "_SpectralDistortionIndex _StructuralSimilarityIndexMeasure _TotalVariation _UniversalImageQualityIndex"
    ),
    "torchmetrics.image.arniqa": "ARNIQA",
    "torchmetrics.image.d_lambda": "SpectralDistortionIndex",
    "torchmetrics.image.d_s": "SpatialDistortionIndex",
    "torchmetrics.image.dists": "DeepImageStructureAndTextureSimilarity",
    "torchmetrics.image.ergas": "ErrorRelativeGlobalDimensionlessSynthesis",
    "torchmetrics.image.fid": "FrechetInceptionDistance NoTrainInceptionV3 _FeatureExtractorInceptionV3",
    "torchmetrics.image.inception": "InceptionScore",
    "torchmetrics.image.kid": "KernelInceptionDistance",
    "torchmetrics.image.lpip": "LearnedPerceptualImagePatchSimilarity",
    "torchmetrics.image.mifid": "MemorizationInformedFrechetInceptionDistance",
    "torchmetrics.image.perceptual_path_length": "PerceptualPathLength",
    "torchmetrics.image.psnr": "PeakSignalNoiseRatio",
    "torchmetrics.image.psnrb": "PeakSignalNoiseRatioWithBlockedEffect",
    "torchmetrics.image.qnr": "QualityWithNoReference",
    "torchmetrics.image.rase": "RelativeAverageSpectralError",
    "torchmetrics.image.rmse_sw": "RootMeanSquaredErrorUsingSlidingWindow",
    "torchmetrics.image.sam": "SpectralAngleMapper",
    "torchmetrics.image.scc": "SpatialCorrelationCoefficient",
    "torchmetrics.image.ssim": "MultiScaleStructuralSimilarityIndexMeasure StructuralSimilarityIndexMeasure",
    "torchmetrics.image.tv": "TotalVariation",
    "torchmetrics.image.uqi": "UniversalImageQualityIndex",
    "torchmetrics.image.vif": "VisualInformationFidelity",
    "torchmetrics.metric": "CompositionalMetric Metric",
    "torchmetrics.multimodal.clip_iqa": "CLIPImageQualityAssessment",
    "torchmetrics.multimodal.clip_score": "CLIPScore",
    "torchmetrics.multimodal.lve": "LipVertexError",
    "torchmetrics.nominal.cramers": "CramersV",
    "torchmetrics.nominal.fleiss_kappa": "FleissKappa",
    "torchmetrics.nominal.pearson": "PearsonsContingencyCoefficient",
    "torchmetrics.nominal.theils_u": "TheilsU",
    "torchmetrics.nominal.tschuprows": "TschuprowsT",
    "torchmetrics.regression.concordance": "ConcordanceCorrCoef",
    "torchmetrics.regression.cosine_similarity": "CosineSimilarity",
    "torchmetrics.regression.crps": "ContinuousRankedProbabilityScore",
    "torchmetrics.regression.csi": "CriticalSuccessIndex",
    "torchmetrics.regression.explained_variance": "ExplainedVariance",
    "torchmetrics.regression.js_divergence": "JensenShannonDivergence",
    "torchmetrics.regression.kendall": "KendallRankCorrCoef",
    "torchmetrics.regression.kl_divergence": "KLDivergence",
    "torchmetrics.regression.log_cosh": "LogCoshError",
    "torchmetrics.regression.log_mse": "MeanSquaredLogError",
    "torchmetrics.regression.mae": "MeanAbsoluteError",
    "torchmetrics.regression.mape": "MeanAbsolutePercentageError",
    "torchmetrics.regression.minkowski": "MinkowskiDistance",
    "torchmetrics.regression.mse": "MeanSquaredError",
    "torchmetrics.regression.nrmse": "NormalizedRootMeanSquaredError",
    "torchmetrics.regression.pearson": "PearsonCorrCoef",
    "torchmetrics.regression.r2": "R2Score",
    "torchmetrics.regression.rse": "RelativeSquaredError",
    "torchmetrics.regression.spearman": "SpearmanCorrCoef",
    "torchmetrics.regression.symmetric_mape": "SymmetricMeanAbsolutePercentageError",
    "torchmetrics.regression.tweedie_deviance": "TweedieDevianceScore",
    "torchmetrics.regression.wmape": "WeightedMeanAbsolutePercentageError",
    "torchmetrics.retrieval._deprecated": (
        "_RetrievalFallOut _RetrievalHitRate _RetrievalMAP _RetrievalMRR _RetrievalNormalizedDCG _RetrievalPrecision "
        "_RetrievalPrecisionRecallCurve _RetrievalRPrecision _RetrievalRecall _RetrievalRecallAtFixedPrecision"
    ),
    "torchmetrics.retrieval.auroc": "RetrievalAUROC",
    "torchmetrics.retrieval.average_precision": "RetrievalMAP",
    "torchmetrics.retrieval.base": "RetrievalMetric",
    "torchmetrics.retrieval.fall_out": "RetrievalFallOut",
    "torchmetrics.retrieval.hit_rate": "RetrievalHitRate",
    "torchmetrics.retrieval.ndcg": "RetrievalNormalizedDCG",
    "torchmetrics.retrieval.precision": "RetrievalPrecision",
    "torchmetrics.retrieval.precision_recall_curve": "RetrievalPrecisionRecallCurve RetrievalRecallAtFixedPrecision",
    "torchmetrics.retrieval.r_precision": "RetrievalRPrecision",
    "torchmetrics.retrieval.recall": "RetrievalRecall",
    "torchmetrics.retrieval.reciprocal_rank": "RetrievalMRR",
    "torchmetrics.segmentation.dice": "DiceScore",
    "torchmetrics.segmentation.generalized_dice": "GeneralizedDiceScore",
    "torchmetrics.segmentation.hausdorff_distance": "HausdorffDistance",
    "torchmetrics.segmentation.mean_iou": "MeanIoU",
    "torchmetrics.shape.procrustes": "ProcrustesDisparity",
    "torchmetrics.text._deprecated": (
        "_BLEUScore _CHRFScore _CharErrorRate _ExtendedEditDistance _MatchErrorRate _Perplexity _SQuAD _SacreBLEUScore "
        "_TranslationEditRate _WordErrorRate _WordInfoLost _WordInfoPreserved"
    ),
    "torchmetrics.text.bert": "BERTScore",
    "torchmetrics.text.bleu": "BLEUScore",
    "torchmetrics.text.cer": "CharErrorRate",
    "torchmetrics.text.chrf": "CHRFScore",
    "torchmetrics.text.edit": "EditDistance",
    "torchmetrics.text.eed": "ExtendedEditDistance",
    "torchmetrics.text.infolm": "InfoLM",
    "torchmetrics.text.mer": "MatchErrorRate",
    "torchmetrics.text.perplexity": "Perplexity",
    "torchmetrics.text.rouge": "ROUGEScore",
    "torchmetrics.text.sacre_bleu": "SacreBLEUScore",
    "torchmetrics.text.squad": "SQuAD",
    "torchmetrics.text.ter": "TranslationEditRate",
    "torchmetrics.text.wer": "WordErrorRate",
    "torchmetrics.text.wil": "WordInfoLost",
    "torchmetrics.text.wip": "WordInfoPreserved",
    "torchmetrics.video.vmaf": "VideoMultiMethodAssessmentFusion",
    "torchmetrics.wrappers.abstract": "WrapperMetric",
    "torchmetrics.wrappers.bootstrapping": "BootStrapper",
    "torchmetrics.wrappers.classwise": "ClasswiseWrapper",
    "torchmetrics.wrappers.feature_share": "FeatureShare NetworkCache",
    "torchmetrics.wrappers.minmax": "MinMaxMetric",
    "torchmetrics.wrappers.multioutput": "MultioutputWrapper",
    "torchmetrics.wrappers.multitask": "MultitaskWrapper",
    "torchmetrics.wrappers.running": "Running",
    "torchmetrics.wrappers.tracker": "MetricTracker",
    "torchmetrics.wrappers.transformations": "BinaryTargetTransformer LambdaInputTransformer MetricInputTransformer",
}
