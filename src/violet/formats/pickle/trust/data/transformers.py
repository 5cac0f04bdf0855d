"""Names trusted in pickles (transformers). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "transformers.generation.configuration_utils": "GenerationMode",
    "transformers.modeling_utils": "PipelineParallel",
    "transformers.tokenization_mistral_common": "MistralTokenizerType",
    "transformers.tokenization_utils_base": "TruncationStrategy",
    "transformers.trainer_utils": (
        "EvaluationStrategy FSDPOption HPSearchBackend HubStrategy IntervalStrategy SaveStrategy SchedulerType "
        "ShardedDDPOption"
    ),
    "transformers.training_args": "OptimizerNames ParallelMode",
    "transformers.utils.generic": "ExplicitEnum PaddingStrategy TensorType",
    "transformers.utils.quantization_config": (
        "AWQLinearVersion AwqBackend AwqBackendPackingMethod AwqFormat ExllamaVersion QuantizationMethod"
    ),
}
CONSTRUCT: dict[str, str] = {
    "transformers.activations": (
        "AccurateGELUActivation ClassInstantier ClippedGELUActivation FastGELUActivation GELUActivation GELUTanh "
        "LaplaceActivation LinearActivation MishActivation NewGELUActivation PytorchGELUTanh QuickGELUActivation "
        "ReLUSquaredActivation SiLUActivation SqrtSoftplusActivation XIELUActivation"
    ),
    "transformers.configuration_utils": "PretrainedConfig SubConfigSpec",
    "transformers.generation.beam_constraints": (
        "Constraint ConstraintListState=no-items DisjunctiveConstraint DisjunctiveTrie PhrasalConstraint"
    ),
    "transformers.generation.beam_search": "BeamHypotheses BeamScorer BeamSearchScorer ConstrainedBeamSearchScorer",
    "transformers.generation.candidate_generator": (
        "AssistantToTargetTranslator AssistantVocabTranslatorCache AssistedCandidateGenerator "
        "AssistedCandidateGeneratorDifferentTokenizers CandidateGenerator DFlashTokenCandidateGenerator "
        "EarlyExitCandidateGenerator MTPCandidateGenerator PromptLookupCandidateGenerator "
        "SinglePositionMultiTokenCandidateGenerator UniversalSpeculativeDecodingGenerator _MapInputEmbedding "
        "_PruneReindexingLMHead"
    ),
    "transformers.generation.configuration_utils": (
        "BaseWatermarkingConfig CompileConfig ContinuousBatchingConfig GenerationConfig SynthIDTextWatermarkingConfig "
        "WatermarkingConfig"
    ),
    "transformers.generation.logits_process": (
        "AlternatingCodebooksLogitsProcessor BarkEosPrioritizerLogitsProcessor ClassifierFreeGuidanceLogitsProcessor "
        "DiaClassifierFreeGuidanceLogitsProcessor DiaEOSChannelFilterLogitsProcessor DiaEOSDelayPatternLogitsProcessor "
        "EncoderNoRepeatNGramLogitsProcessor EncoderRepetitionPenaltyLogitsProcessor EpsilonLogitsWarper "
        "EtaLogitsWarper ExponentialDecayLengthPenalty ForceTokensLogitsProcessor ForcedBOSTokenLogitsProcessor "
        "ForcedEOSTokenLogitsProcessor HammingDiversityLogitsProcessor InfNanRemoveLogitsProcessor LogitNormalization "
        "LogitsProcessor LogitsProcessorList LogitsWarper MinLengthLogitsProcessor MinNewTokensLengthLogitsProcessor "
        "MinPLogitsWarper NoBadWordsLogitsProcessor NoRepeatNGramLogitsProcessor PrefixConstrainedLogitsProcessor "
        "RepetitionPenaltyLogitsProcessor SequenceBiasLogitsProcessor SuppressTokensAtBeginLogitsProcessor "
        "SuppressTokensLogitsProcessor SynthIDTextWatermarkLogitsProcessor SynthIDTextWatermarkState "
        "TemperatureLogitsWarper TopHLogitsWarper TopKLogitsWarper TopPLogitsWarper TypicalLogitsWarper "
        "UnbatchedClassifierFreeGuidanceLogitsProcessor WatermarkLogitsProcessor WhisperNoSpeechDetection "
        "WhisperTimeStampLogitsProcessor"
    ),
    "transformers.generation.stopping_criteria": (
        "ConfidenceCriteria EosTokenCriteria MaxLengthCriteria MaxNewTokensCriteria MaxTimeCriteria StopStringCriteria "
        "StoppingCriteria StoppingCriteriaList"
    ),
    "transformers.generation.streamers": (
        "AsyncTextIteratorStreamer BaseStreamer TextDiffusionStreamer TextIteratorStreamer TextStreamer"
    ),
    "transformers.generation.utils": (
        "BeamSampleDecoderOnlyOutput BeamSampleEncoderDecoderOutput BeamSearchDecoderOnlyOutput "
        "BeamSearchEncoderDecoderOutput ContrastiveSearchDecoderOnlyOutput ContrastiveSearchEncoderDecoderOutput "
        "DeferredStopCheck GenerateBeamDecoderOnlyOutput GenerateBeamEncoderDecoderOutput GenerateDecoderOnlyOutput "
        "GenerateEncoderDecoderOutput GenerationMixin GreedySearchDecoderOnlyOutput GreedySearchEncoderDecoderOutput "
        "SampleDecoderOnlyOutput SampleEncoderDecoderOutput StopCheck"
    ),
    "transformers.generation.watermarking": (
        "BayesianDetectorConfig BayesianDetectorModel BayesianDetectorWatermarkedLikelihood "
        "BayesianWatermarkDetectorModelOutput SynthIDTextWatermarkDetector WatermarkDetector WatermarkDetectorOutput"
    ),
    "transformers.modeling_layers": (
        "GenericForQuestionAnswering GenericForSequenceClassification GenericForTokenClassification "
        "GradientCheckpointingLayer MtpLayer MtpModel"
    ),
    "transformers.modeling_outputs": (
        "BackboneOutput BaseModelOutput BaseModelOutputWithCrossAttentions BaseModelOutputWithNoAttention "
        "BaseModelOutputWithPast BaseModelOutputWithPastAndCrossAttentions BaseModelOutputWithPooling "
        "BaseModelOutputWithPoolingAndCrossAttentions BaseModelOutputWithPoolingAndNoAttention "
        "BaseModelOutputWithPoolingAndProjection CausalLMOutput CausalLMOutputWithCrossAttentions "
        "CausalLMOutputWithPast DepthEstimatorOutput ImageClassifierOutput ImageClassifierOutputWithNoAttention "
        "ImageSuperResolutionOutput MaskedImageModelingOutput MaskedLMOutput MoECausalLMOutputWithPast MoEModelOutput "
        "MoEModelOutputWithPastAndCrossAttentions MoeCausalLMOutputWithPast MoeModelOutputWithPast "
        "MultipleChoiceModelOutput NextSentencePredictorOutput QuestionAnsweringModelOutput SampleTSPredictionOutput "
        "SemanticSegmenterOutput Seq2SeqLMOutput Seq2SeqMoEModelOutput Seq2SeqMoEOutput Seq2SeqModelOutput "
        "Seq2SeqQuestionAnsweringModelOutput Seq2SeqSequenceClassifierOutput Seq2SeqSpectrogramOutput "
        "Seq2SeqTSModelOutput Seq2SeqTSPredictionOutput SequenceClassifierOutput SequenceClassifierOutputWithPast "
        "TokenClassifierOutput Wav2Vec2BaseModelOutput XVectorOutput"
    ),
    "transformers.modeling_utils": (
        "AttentionInterface EmbeddingAccessMixin Identity LoadStateDictConfig ModuleUtilsMixin PoolerAnswerClass "
        "PoolerEndLogits PoolerStartLogits PreTrainedAudioTokenizerBase PreTrainedModel SQuADHead SequenceSummary "
        "SquadHeadOutput"
    ),
    "transformers.models.albert.configuration_albert": "AlbertConfig AlbertOnnxConfig",
    "transformers.models.albert.modeling_albert": (
        "AlbertAttention AlbertEmbeddings AlbertForMaskedLM AlbertForMultipleChoice AlbertForPreTraining "
        "AlbertForPreTrainingOutput AlbertForQuestionAnswering AlbertForSequenceClassification "
        "AlbertForTokenClassification AlbertLayer AlbertLayerGroup AlbertMLMHead AlbertModel AlbertPreTrainedModel "
        "AlbertSOPHead AlbertSdpaAttention AlbertTransformer"
    ),
    "transformers.models.albert.tokenization_albert": "AlbertTokenizer",
    "transformers.models.auto.configuration_auto": "AutoConfig",
    "transformers.models.auto.modeling_auto": (
        "AutoBackbone AutoModel AutoModelForAudioClassification AutoModelForAudioFrameClassification "
        "AutoModelForAudioTokenization AutoModelForAudioXVector AutoModelForCTC AutoModelForCausalLM "
        "AutoModelForDecision AutoModelForDepthEstimation AutoModelForDocumentQuestionAnswering "
        "AutoModelForImageClassification AutoModelForImageMatting AutoModelForImageSegmentation "
        "AutoModelForImageTextToText AutoModelForImageToImage AutoModelForInstanceSegmentation "
        "AutoModelForKeypointDetection AutoModelForKeypointMatching AutoModelForMaskGeneration "
        "AutoModelForMaskedImageModeling AutoModelForMaskedLM AutoModelForMultimodalLM AutoModelForMultipleChoice "
        "AutoModelForNextSentencePrediction AutoModelForNormalEstimation AutoModelForObjectDetection "
        "AutoModelForPointmapEstimation AutoModelForPoseEstimation AutoModelForPreTraining "
        "AutoModelForQuestionAnswering AutoModelForRNNT AutoModelForSemanticSegmentation AutoModelForSeq2SeqLM "
        "AutoModelForSequenceClassification AutoModelForSpeechSeq2Seq AutoModelForTDT "
        "AutoModelForTableQuestionAnswering AutoModelForTableRecognition AutoModelForTextEncoding "
        "AutoModelForTextRecognition AutoModelForTextToSpectrogram AutoModelForTextToWaveform "
        "AutoModelForTimeSeriesPrediction AutoModelForTokenClassification AutoModelForUniversalSegmentation "
        "AutoModelForVideoClassification AutoModelForVision2Seq AutoModelForVisualQuestionAnswering "
        "AutoModelForZeroShotImageClassification AutoModelForZeroShotObjectDetection AutoModelWithLMHead "
        "_AutoModelForVision2Seq _AutoModelWithLMHead _BaseModelWithGenerate"
    ),
    "transformers.models.auto.tokenization_auto": "AutoTokenizer",
    "transformers.models.bart.configuration_bart": "BartConfig BartOnnxConfig",
    "transformers.models.bart.modeling_bart": (
        "BartAttention BartClassificationHead BartDecoder BartDecoderLayer BartDecoderWrapper BartEncoder "
        "BartEncoderLayer BartForCausalLM BartForConditionalGeneration BartForQuestionAnswering "
        "BartForSequenceClassification BartLearnedPositionalEmbedding BartModel BartPreTrainedModel "
        "BartPretrainedModel BartScaledWordEmbedding PretrainedBartModel"
    ),
    "transformers.models.bert.configuration_bert": "BertConfig BertOnnxConfig",
    "transformers.models.bert.modeling_bert": (
        "BertAttention BertCrossAttention BertEmbeddings BertEncoder BertForMaskedLM BertForMultipleChoice "
        "BertForNextSentencePrediction BertForPreTraining BertForPreTrainingOutput BertForQuestionAnswering "
        "BertForSequenceClassification BertForTokenClassification BertIntermediate BertLMHeadModel "
        "BertLMPredictionHead BertLayer BertModel BertOnlyMLMHead BertOnlyNSPHead BertOutput BertPooler "
        "BertPreTrainedModel BertPreTrainingHeads BertPredictionHeadTransform BertSdpaSelfAttention BertSelfAttention "
        "BertSelfOutput"
    ),
    "transformers.models.bert.tokenization_bert": "BasicTokenizer BertTokenizer WordpieceTokenizer",
    "transformers.models.bert.tokenization_bert_legacy": "BasicTokenizer BertTokenizerLegacy WordpieceTokenizer",
    "transformers.models.bert_generation.configuration_bert_generation": "BertGenerationConfig",
    "transformers.models.bert_generation.modeling_bert_generation": (
        "BertEncoder BertGenerationAttention BertGenerationCrossAttention BertGenerationDecoder "
        "BertGenerationEmbeddings BertGenerationEncoder BertGenerationIntermediate BertGenerationLayer "
        "BertGenerationOnlyLMHead BertGenerationOutput BertGenerationPreTrainedModel BertGenerationSelfAttention "
        "BertGenerationSelfOutput"
    ),
    "transformers.models.bert_generation.tokenization_bert_generation": "BertGenerationTokenizer",
    "transformers.models.big_bird.configuration_big_bird": "BigBirdConfig BigBirdOnnxConfig",
    "transformers.models.big_bird.modeling_big_bird": (
        "BigBirdAttention BigBirdBlockSparseAttention BigBirdClassificationHead BigBirdEmbeddings BigBirdEncoder "
        "BigBirdForCausalLM BigBirdForMaskedLM BigBirdForMultipleChoice BigBirdForPreTraining "
        "BigBirdForPreTrainingOutput BigBirdForQuestionAnswering BigBirdForQuestionAnsweringHead "
        "BigBirdForQuestionAnsweringModelOutput BigBirdForSequenceClassification BigBirdForTokenClassification "
        "BigBirdIntermediate BigBirdLMPredictionHead BigBirdLayer BigBirdModel BigBirdOnlyMLMHead BigBirdOnlyNSPHead "
        "BigBirdOutput BigBirdPreTrainedModel BigBirdPreTrainingHeads BigBirdPredictionHeadTransform "
        "BigBirdSelfAttention BigBirdSelfOutput"
    ),
    "transformers.models.big_bird.tokenization_big_bird": "BigBirdTokenizer",
    "transformers.models.bigbird_pegasus.configuration_bigbird_pegasus": (
        "BigBirdPegasusConfig BigBirdPegasusOnnxConfig"
    ),
    "transformers.models.bigbird_pegasus.modeling_bigbird_pegasus": (
        "BigBirdPegasusBlockSparseAttention BigBirdPegasusClassificationHead BigBirdPegasusDecoder "
        "BigBirdPegasusDecoderAttention BigBirdPegasusDecoderLayer BigBirdPegasusDecoderWrapper BigBirdPegasusEncoder "
        "BigBirdPegasusEncoderAttention BigBirdPegasusEncoderLayer BigBirdPegasusForCausalLM "
        "BigBirdPegasusForConditionalGeneration BigBirdPegasusForQuestionAnswering "
        "BigBirdPegasusForSequenceClassification BigBirdPegasusLearnedPositionalEmbedding BigBirdPegasusModel "
        "BigBirdPegasusPreTrainedModel BigBirdPegasusScaledWordEmbedding BigBirdPegasusSelfAttention"
    ),
    "transformers.models.blip.configuration_blip": "BlipConfig BlipTextConfig BlipVisionConfig",
    "transformers.models.blip.modeling_blip": (
        "BlipAttention BlipEncoder BlipEncoderLayer BlipForConditionalGeneration "
        "BlipForConditionalGenerationModelOutput BlipForImageTextRetrieval BlipForQuestionAnswering "
        "BlipImageTextMatchingModelOutput BlipMLP BlipModel BlipOutput BlipPreTrainedModel BlipTextEmbeddings "
        "BlipTextVisionModelOutput BlipVisionEmbeddings BlipVisionModel"
    ),
    "transformers.models.blip.modeling_blip_text": (
        "BlipTextAttention BlipTextEmbeddings BlipTextEncoder BlipTextIntermediate BlipTextLMHeadModel "
        "BlipTextLMPredictionHead BlipTextLayer BlipTextModel BlipTextOnlyMLMHead BlipTextOutput BlipTextPooler "
        "BlipTextPreTrainedModel BlipTextPredictionHeadTransform BlipTextSelfAttention BlipTextSelfOutput"
    ),
    "transformers.models.blip_2.configuration_blip_2": "Blip2Config Blip2QFormerConfig Blip2VisionConfig",
    "transformers.models.blip_2.modeling_blip_2": (
        "BaseModelOutputWithVisionQformerOutputs Blip2Attention Blip2Encoder Blip2EncoderLayer "
        "Blip2ForConditionalGeneration Blip2ForConditionalGenerationModelOutput Blip2ForImageTextRetrieval "
        "Blip2ImageTextMatchingModelOutput Blip2MLP Blip2Model Blip2PreTrainedModel Blip2QFormerAttention "
        "Blip2QFormerEncoder Blip2QFormerIntermediate Blip2QFormerLayer Blip2QFormerModel "
        "Blip2QFormerMultiHeadAttention Blip2QFormerOutput Blip2QFormerSelfOutput Blip2TextEmbeddings "
        "Blip2TextModelOutput Blip2TextModelWithProjection Blip2VisionEmbeddings Blip2VisionModel "
        "Blip2VisionModelOutput Blip2VisionModelWithProjection"
    ),
    "transformers.models.bloom.configuration_bloom": "BloomConfig BloomOnnxConfig",
    "transformers.models.bloom.modeling_bloom": (
        "BloomAttention BloomBlock BloomForCausalLM BloomForQuestionAnswering BloomForSequenceClassification "
        "BloomForTokenClassification BloomGelu BloomMLP BloomModel BloomPreTrainedModel"
    ),
    "transformers.models.camembert.configuration_camembert": "CamembertConfig CamembertOnnxConfig",
    "transformers.models.camembert.modeling_camembert": (
        "CamembertAttention CamembertClassificationHead CamembertCrossAttention CamembertEmbeddings CamembertEncoder "
        "CamembertForCausalLM CamembertForMaskedLM CamembertForMultipleChoice CamembertForQuestionAnswering "
        "CamembertForSequenceClassification CamembertForTokenClassification CamembertIntermediate CamembertLMHead "
        "CamembertLayer CamembertModel CamembertOutput CamembertPooler CamembertPreTrainedModel "
        "CamembertSdpaSelfAttention CamembertSelfAttention CamembertSelfOutput"
    ),
    "transformers.models.camembert.tokenization_camembert": "CamembertTokenizer",
    "transformers.models.clip.configuration_clip": "CLIPConfig CLIPOnnxConfig CLIPTextConfig CLIPVisionConfig",
    "transformers.models.clip.modeling_clip": (
        "CLIPAttention CLIPEncoder CLIPEncoderLayer CLIPForImageClassification CLIPMLP CLIPModel CLIPOutput "
        "CLIPPreTrainedModel CLIPTextEmbeddings CLIPTextModel CLIPTextModelOutput CLIPTextModelWithProjection "
        "CLIPTextTransformer CLIPVisionEmbeddings CLIPVisionModel CLIPVisionModelOutput CLIPVisionModelWithProjection "
        "CLIPVisionTransformer"
    ),
    "transformers.models.clip.tokenization_clip": "BasicTokenizer CLIPTokenizer",
    "transformers.models.codegen.configuration_codegen": "CodeGenConfig CodeGenOnnxConfig",
    "transformers.models.codegen.modeling_codegen": (
        "CodeGenAttention CodeGenBlock CodeGenForCausalLM CodeGenMLP CodeGenModel CodeGenPreTrainedModel"
    ),
    "transformers.models.codegen.tokenization_codegen": "CodeGenTokenizer",
    "transformers.models.convbert.configuration_convbert": "ConvBertConfig ConvBertOnnxConfig",
    "transformers.models.convbert.modeling_convbert": (
        "ConvBertAttention ConvBertClassificationHead ConvBertEmbeddings ConvBertEncoder ConvBertForMaskedLM "
        "ConvBertForMultipleChoice ConvBertForQuestionAnswering ConvBertForSequenceClassification "
        "ConvBertForTokenClassification ConvBertGeneratorPredictions ConvBertIntermediate ConvBertLayer ConvBertModel "
        "ConvBertOutput ConvBertPreTrainedModel ConvBertPredictionHeadTransform ConvBertSelfAttention "
        "ConvBertSelfOutput ConvBertSequenceSummary GroupedLinearLayer SeparableConv1D"
    ),
    "transformers.models.convbert.tokenization_convbert": "BasicTokenizer ConvBertTokenizer WordpieceTokenizer",
    "transformers.models.convnext.configuration_convnext": "ConvNextConfig ConvNextOnnxConfig",
    "transformers.models.convnext.modeling_convnext": (
        "ConvNextBackbone ConvNextDropPath ConvNextEmbeddings ConvNextEncoder ConvNextForImageClassification "
        "ConvNextLayer ConvNextLayerNorm ConvNextModel ConvNextPreTrainedModel ConvNextStage"
    ),
    "transformers.models.deberta.configuration_deberta": "DebertaConfig DebertaOnnxConfig",
    "transformers.models.deberta.modeling_deberta": (
        "ContextPooler DebertaAttention DebertaEmbeddings DebertaEncoder DebertaForMaskedLM "
        "DebertaForQuestionAnswering DebertaForSequenceClassification DebertaForTokenClassification "
        "DebertaIntermediate DebertaLMPredictionHead DebertaLayer DebertaLayerNorm DebertaModel DebertaOnlyMLMHead "
        "DebertaOutput DebertaPreTrainedModel DebertaPredictionHeadTransform DebertaSelfOutput "
        "DisentangledSelfAttention DropoutContext LegacyDebertaLMPredictionHead LegacyDebertaOnlyMLMHead "
        "LegacyDebertaPredictionHeadTransform StableDropout"
    ),
    "transformers.models.deberta_v2.configuration_deberta_v2": "DebertaV2Config DebertaV2OnnxConfig",
    "transformers.models.deberta_v2.modeling_deberta_v2": (
        "ContextPooler ConvLayer DebertaV2Attention DebertaV2Embeddings DebertaV2Encoder DebertaV2ForMaskedLM "
        "DebertaV2ForMultipleChoice DebertaV2ForQuestionAnswering DebertaV2ForSequenceClassification "
        "DebertaV2ForTokenClassification DebertaV2Intermediate DebertaV2LMPredictionHead DebertaV2Layer DebertaV2Model "
        "DebertaV2OnlyMLMHead DebertaV2Output DebertaV2PreTrainedModel DebertaV2PredictionHeadTransform "
        "DebertaV2SelfOutput DisentangledSelfAttention DropoutContext LegacyDebertaV2LMPredictionHead "
        "LegacyDebertaV2OnlyMLMHead LegacyDebertaV2PredictionHeadTransform StableDropout"
    ),
    "transformers.models.deberta_v2.tokenization_deberta_v2": "DebertaV2Tokenizer",
    "transformers.models.deit.configuration_deit": "DeiTConfig DeiTOnnxConfig",
    "transformers.models.deit.modeling_deit": (
        "DeiTAttention DeiTEmbeddings DeiTEncoder DeiTForImageClassification DeiTForImageClassificationWithTeacher "
        "DeiTForImageClassificationWithTeacherOutput DeiTForMaskedImageModeling DeiTIntermediate DeiTLayer DeiTMLP "
        "DeiTModel DeiTOutput DeiTPatchEmbeddings DeiTPooler DeiTPreTrainedModel DeiTSelfAttention DeiTSelfOutput"
    ),
    "transformers.models.detr.configuration_detr": "DetrConfig DetrOnnxConfig",
    "transformers.models.detr.modeling_detr": (
        "DetrAttention DetrClassificationHead DetrConvBlock DetrConvEncoder DetrConvModel DetrCrossAttention "
        "DetrDecoder DetrDecoderLayer DetrDecoderOutput DetrEncoder DetrEncoderLayer DetrFPNFusionStage "
        "DetrForObjectDetection DetrForSegmentation DetrFrozenBatchNorm2d DetrHungarianMatcher "
        "DetrLearnedPositionEmbedding DetrLoss DetrMHAttentionMap DetrMLP DetrMLPPredictionHead DetrMaskHeadSmallConv "
        "DetrModel DetrModelOutput DetrObjectDetectionOutput DetrPreTrainedModel DetrSegmentationOutput "
        "DetrSelfAttention DetrSinePositionEmbedding NestedTensor"
    ),
    "transformers.models.distilbert.configuration_distilbert": "DistilBertConfig DistilBertOnnxConfig",
    "transformers.models.distilbert.modeling_distilbert": (
        "DistilBertFlashAttention2 DistilBertForMaskedLM DistilBertForMultipleChoice DistilBertForQuestionAnswering "
        "DistilBertForSequenceClassification DistilBertForTokenClassification DistilBertModel "
        "DistilBertPreTrainedModel DistilBertSdpaAttention DistilBertSelfAttention Embeddings FFN "
        "MultiHeadSelfAttention Transformer TransformerBlock"
    ),
    "transformers.models.distilbert.tokenization_distilbert": "BasicTokenizer DistilBertTokenizer WordpieceTokenizer",
    "transformers.models.dpr.configuration_dpr": "DPRConfig",
    "transformers.models.dpr.modeling_dpr": (
        "DPRContextEncoder DPRContextEncoderOutput DPREncoder DPRPreTrainedModel DPRPretrainedContextEncoder "
        "DPRPretrainedQuestionEncoder DPRPretrainedReader DPRQuestionEncoder DPRQuestionEncoderOutput DPRReader "
        "DPRReaderOutput DPRSpanPredictor"
    ),
    "transformers.models.dpr.tokenization_dpr": (
        "CustomDPRReaderTokenizerMixin DPRContextEncoderTokenizer DPRQuestionEncoderTokenizer DPRReaderOutput "
        "DPRReaderTokenizer DPRSpanPrediction"
    ),
    "transformers.models.dpr.tokenization_dpr_fast": (
        "CustomDPRReaderTokenizerMixin DPRContextEncoderTokenizerFast DPRQuestionEncoderTokenizerFast DPRReaderOutput "
        "DPRReaderTokenizerFast DPRSpanPrediction"
    ),
    "transformers.models.electra.configuration_electra": "ElectraConfig ElectraOnnxConfig",
    "transformers.models.electra.modeling_electra": (
        "ElectraAttention ElectraClassificationHead ElectraCrossAttention ElectraDiscriminatorPredictions "
        "ElectraEmbeddings ElectraEncoder ElectraForCausalLM ElectraForMaskedLM ElectraForMultipleChoice "
        "ElectraForPreTraining ElectraForPreTrainingOutput ElectraForQuestionAnswering "
        "ElectraForSequenceClassification ElectraForTokenClassification ElectraGeneratorPredictions "
        "ElectraIntermediate ElectraLayer ElectraModel ElectraOutput ElectraPreTrainedModel ElectraSelfAttention "
        "ElectraSelfOutput ElectraSequenceSummary"
    ),
    "transformers.models.electra.tokenization_electra": "BasicTokenizer WordpieceTokenizer",
    "transformers.models.encoder_decoder.configuration_encoder_decoder": "EncoderDecoderConfig",
    "transformers.models.encoder_decoder.modeling_encoder_decoder": "EncoderDecoderModel",
    "transformers.models.esm.configuration_esm": "EsmConfig EsmFoldConfig StructureModuleConfig TrunkConfig",
    "transformers.models.esm.modeling_esm": (
        "EsmAttention EsmClassificationHead EsmContactPredictionHead EsmEmbeddings EsmEncoder EsmForMaskedLM "
        "EsmForSequenceClassification EsmForTokenClassification EsmIntermediate EsmLMHead EsmLayer EsmModel EsmOutput "
        "EsmPooler EsmPreTrainedModel EsmRotaryEmbedding EsmSelfAttention EsmSelfOutput RotaryEmbedding"
    ),
    "transformers.models.esm.modeling_esmfold": (
        "EsmCategoricalMixture EsmFoldAngleResnet EsmFoldAngleResnetBlock EsmFoldAttention EsmFoldBackboneUpdate "
        "EsmFoldDropout EsmFoldInvariantPointAttention EsmFoldLayerNorm EsmFoldLinear EsmFoldPairToSequence "
        "EsmFoldPreTrainedModel EsmFoldRelativePosition EsmFoldResidueMLP EsmFoldSelfAttention EsmFoldSequenceToPair "
        "EsmFoldStructureModule EsmFoldStructureModuleTransition EsmFoldStructureModuleTransitionLayer "
        "EsmFoldTriangleAttention EsmFoldTriangleMultiplicativeUpdate EsmFoldTriangularSelfAttentionBlock "
        "EsmFoldingTrunk EsmForProteinFolding EsmForProteinFoldingOutput"
    ),
    "transformers.models.esm.tokenization_esm": "EsmTokenizer",
    "transformers.models.falcon.configuration_falcon": "FalconConfig",
    "transformers.models.falcon.modeling_falcon": (
        "FalconAttention FalconDecoderLayer FalconFlashAttention2 FalconForCausalLM FalconForQuestionAnswering "
        "FalconForSequenceClassification FalconForTokenClassification FalconLinear FalconMLP FalconModel "
        "FalconPreTrainedModel FalconRotaryEmbedding"
    ),
    "transformers.models.flaubert.configuration_flaubert": "FlaubertConfig FlaubertOnnxConfig",
    "transformers.models.flaubert.modeling_flaubert": (
        "FlaubertForMultipleChoice FlaubertForQuestionAnswering FlaubertForQuestionAnsweringOutput "
        "FlaubertForQuestionAnsweringSimple FlaubertForSequenceClassification FlaubertForTokenClassification "
        "FlaubertModel FlaubertPoolerAnswerClass FlaubertPoolerEndLogits FlaubertPoolerStartLogits "
        "FlaubertPreTrainedModel FlaubertPredLayer FlaubertSQuADHead FlaubertSequenceSummary FlaubertSquadHeadOutput "
        "FlaubertWithLMHeadModel MultiHeadAttention TransformerFFN"
    ),
    "transformers.models.flaubert.tokenization_flaubert": "FlaubertTokenizer",
    "transformers.models.gemma.configuration_gemma": "GemmaConfig",
    "transformers.models.gemma.modeling_gemma": (
        "GemmaAttention GemmaDecoderLayer GemmaForCausalLM GemmaForSequenceClassification GemmaForTokenClassification "
        "GemmaMLP GemmaModel GemmaPreTrainedModel GemmaRMSNorm GemmaRotaryEmbedding GemmaTextScaledWordEmbedding"
    ),
    "transformers.models.gemma.tokenization_gemma": "GemmaTokenizer",
    "transformers.models.gemma2.configuration_gemma2": "Gemma2Config",
    "transformers.models.gemma2.modeling_gemma2": (
        "Gemma2Attention Gemma2DecoderLayer Gemma2ForCausalLM Gemma2ForSequenceClassification "
        "Gemma2ForTokenClassification Gemma2MLP Gemma2Model Gemma2PreTrainedModel Gemma2RMSNorm Gemma2RotaryEmbedding "
        "Gemma2TextScaledWordEmbedding"
    ),
    "transformers.models.gemma3.configuration_gemma3": "Gemma3Config Gemma3TextConfig",
    "transformers.models.gemma3.modeling_gemma3": (
        "Gemma3Attention Gemma3CausalLMOutputWithPast Gemma3DecoderLayer Gemma3ForCausalLM "
        "Gemma3ForConditionalGeneration Gemma3ForSequenceClassification Gemma3MLP Gemma3Model "
        "Gemma3ModelOutputWithPast Gemma3MultiModalProjector Gemma3PreTrainedModel Gemma3RMSNorm Gemma3RotaryEmbedding "
        "Gemma3TextForSequenceClassification Gemma3TextModel Gemma3TextScaledWordEmbedding"
    ),
    "transformers.models.gpt2.configuration_gpt2": "GPT2Config GPT2OnnxConfig",
    "transformers.models.gpt2.modeling_gpt2": (
        "GPT2Attention GPT2Block GPT2DoubleHeadsModel GPT2DoubleHeadsModelOutput GPT2ForQuestionAnswering "
        "GPT2ForSequenceClassification GPT2ForTokenClassification GPT2LMHeadModel GPT2MLP GPT2Model "
        "GPT2PreTrainedModel GPT2SequenceSummary"
    ),
    "transformers.models.gpt2.tokenization_gpt2": "GPT2Tokenizer",
    "transformers.models.gpt_neo.configuration_gpt_neo": "GPTNeoConfig GPTNeoOnnxConfig",
    "transformers.models.gpt_neo.modeling_gpt_neo": (
        "GPTNeoAttention GPTNeoBlock GPTNeoFlashAttention2 GPTNeoForCausalLM GPTNeoForQuestionAnswering "
        "GPTNeoForSequenceClassification GPTNeoForTokenClassification GPTNeoMLP GPTNeoModel GPTNeoPreTrainedModel "
        "GPTNeoSelfAttention"
    ),
    "transformers.models.gpt_neox.configuration_gpt_neox": "GPTNeoXConfig",
    "transformers.models.gpt_neox.modeling_gpt_neox": (
        "GPTNeoXAttention GPTNeoXDecoderLayer GPTNeoXForCausalLM GPTNeoXForQuestionAnswering "
        "GPTNeoXForSequenceClassification GPTNeoXForTokenClassification GPTNeoXLayer GPTNeoXMLP GPTNeoXModel "
        "GPTNeoXPreTrainedModel GPTNeoXRMSNorm GPTNeoXRotaryEmbedding RotaryEmbedding"
    ),
    "transformers.models.gpt_neox.tokenization_gpt_neox": "GPTNeoXTokenizer",
    "transformers.models.gptj.configuration_gptj": "GPTJConfig GPTJOnnxConfig",
    "transformers.models.gptj.modeling_gptj": (
        "GPTJAttention GPTJBlock GPTJFlashAttention2 GPTJForCausalLM GPTJForQuestionAnswering "
        "GPTJForSequenceClassification GPTJMLP GPTJModel GPTJPreTrainedModel"
    ),
    "transformers.models.hubert.configuration_hubert": "HubertConfig",
    "transformers.models.hubert.modeling_hubert": (
        "HubertAttention HubertAttnAdapterLayer HubertEncoder HubertEncoderLayer HubertEncoderLayerStableLayerNorm "
        "HubertEncoderStableLayerNorm HubertFeatureEncoder HubertFeatureExtractor HubertFeatureProjection "
        "HubertFeedForward HubertForCTC HubertForSequenceClassification HubertGroupNormConvLayer "
        "HubertLayerNormConvLayer HubertModel HubertNoLayerNormConvLayer HubertPositionalConvEmbedding "
        "HubertPreTrainedModel HubertSamePadLayer"
    ),
    "transformers.models.layoutlm.configuration_layoutlm": "LayoutLMConfig LayoutLMOnnxConfig",
    "transformers.models.layoutlm.modeling_layoutlm": (
        "LayoutLMAttention LayoutLMEmbeddings LayoutLMEncoder LayoutLMForMaskedLM LayoutLMForQuestionAnswering "
        "LayoutLMForSequenceClassification LayoutLMForTokenClassification LayoutLMIntermediate "
        "LayoutLMLMPredictionHead LayoutLMLayer LayoutLMModel LayoutLMOnlyMLMHead LayoutLMOutput LayoutLMPooler "
        "LayoutLMPreTrainedModel LayoutLMPredictionHeadTransform LayoutLMSelfAttention LayoutLMSelfOutput"
    ),
    "transformers.models.layoutlm.tokenization_layoutlm": "BasicTokenizer WordpieceTokenizer",
    "transformers.models.layoutlmv2.configuration_layoutlmv2": "LayoutLMv2Config",
    "transformers.models.layoutlmv2.modeling_layoutlmv2": (
        "LayoutLMv2Attention LayoutLMv2Embeddings LayoutLMv2Encoder LayoutLMv2ForQuestionAnswering "
        "LayoutLMv2ForSequenceClassification LayoutLMv2ForTokenClassification LayoutLMv2Intermediate LayoutLMv2Layer "
        "LayoutLMv2Model LayoutLMv2Output LayoutLMv2Pooler LayoutLMv2PreTrainedModel LayoutLMv2SelfAttention "
        "LayoutLMv2SelfOutput LayoutLMv2VisualBackbone"
    ),
    "transformers.models.layoutlmv2.tokenization_layoutlmv2": "BasicTokenizer LayoutLMv2Tokenizer WordpieceTokenizer",
    "transformers.models.layoutlmv3.configuration_layoutlmv3": "LayoutLMv3Config LayoutLMv3OnnxConfig",
    "transformers.models.layoutlmv3.modeling_layoutlmv3": (
        "LayoutLMv3Attention LayoutLMv3ClassificationHead LayoutLMv3Encoder LayoutLMv3ForQuestionAnswering "
        "LayoutLMv3ForSequenceClassification LayoutLMv3ForTokenClassification LayoutLMv3Intermediate LayoutLMv3Layer "
        "LayoutLMv3Model LayoutLMv3Output LayoutLMv3PatchEmbeddings LayoutLMv3PreTrainedModel LayoutLMv3SelfAttention "
        "LayoutLMv3SelfOutput LayoutLMv3TextEmbeddings"
    ),
    "transformers.models.layoutlmv3.tokenization_layoutlmv3": "LayoutLMv3Tokenizer",
    "transformers.models.led.configuration_led": "LEDConfig",
    "transformers.models.led.modeling_led": (
        "LEDClassificationHead LEDDecoder LEDDecoderAttention LEDDecoderLayer LEDEncoder LEDEncoderAttention "
        "LEDEncoderBaseModelOutput LEDEncoderLayer LEDEncoderSelfAttention LEDForConditionalGeneration "
        "LEDForQuestionAnswering LEDForSequenceClassification LEDLearnedPositionalEmbedding LEDModel "
        "LEDPreTrainedModel LEDSeq2SeqLMOutput LEDSeq2SeqModelOutput LEDSeq2SeqQuestionAnsweringModelOutput "
        "LEDSeq2SeqSequenceClassifierOutput"
    ),
    "transformers.models.llama.configuration_llama": "LlamaConfig",
    "transformers.models.llama.modeling_llama": (
        "LlamaAttention LlamaDecoderLayer LlamaForCausalLM LlamaForQuestionAnswering LlamaForSequenceClassification "
        "LlamaForTokenClassification LlamaMLP LlamaModel LlamaPreTrainedModel LlamaRMSNorm LlamaRotaryEmbedding"
    ),
    "transformers.models.llama.tokenization_llama": "LlamaTokenizer",
    "transformers.models.longformer.configuration_longformer": "LongformerConfig LongformerOnnxConfig",
    "transformers.models.longformer.modeling_longformer": (
        "LongformerAttention LongformerBaseModelOutput LongformerBaseModelOutputWithPooling "
        "LongformerClassificationHead LongformerEmbeddings LongformerEncoder LongformerForMaskedLM "
        "LongformerForMultipleChoice LongformerForQuestionAnswering LongformerForSequenceClassification "
        "LongformerForTokenClassification LongformerIntermediate LongformerLMHead LongformerLayer "
        "LongformerMaskedLMOutput LongformerModel LongformerMultipleChoiceModelOutput LongformerOutput "
        "LongformerPooler LongformerPreTrainedModel LongformerQuestionAnsweringModelOutput LongformerSelfAttention "
        "LongformerSelfOutput LongformerSequenceClassifierOutput LongformerTokenClassifierOutput"
    ),
    "transformers.models.luke.configuration_luke": "LukeConfig",
    "transformers.models.luke.modeling_luke": (
        "BaseLukeModelOutput BaseLukeModelOutputWithPooling EntityClassificationOutput EntityPairClassificationOutput "
        "EntityPredictionHead EntityPredictionHeadTransform EntitySpanClassificationOutput LukeAttention "
        "LukeEmbeddings LukeEncoder LukeEntityEmbeddings LukeForEntityClassification LukeForEntityPairClassification "
        "LukeForEntitySpanClassification LukeForMaskedLM LukeForMultipleChoice LukeForQuestionAnswering "
        "LukeForSequenceClassification LukeForTokenClassification LukeIntermediate LukeLMHead LukeLayer "
        "LukeMaskedLMOutput LukeModel LukeMultipleChoiceModelOutput LukeOutput LukePooler LukePreTrainedModel "
        "LukeQuestionAnsweringModelOutput LukeSelfAttention LukeSelfOutput LukeSequenceClassifierOutput "
        "LukeTokenClassifierOutput"
    ),
    "transformers.models.luke.tokenization_luke": "LukeTokenizer",
    "transformers.models.m2m_100.configuration_m2m_100": "M2M100Config M2M100OnnxConfig",
    "transformers.models.m2m_100.modeling_m2m_100": (
        "M2M100Attention M2M100Decoder M2M100DecoderLayer M2M100Encoder M2M100EncoderLayer "
        "M2M100ForConditionalGeneration M2M100Model M2M100PreTrainedModel M2M100ScaledWordEmbedding "
        "M2M100SinusoidalPositionalEmbedding"
    ),
    "transformers.models.marian.configuration_marian": "MarianConfig MarianOnnxConfig",
    "transformers.models.marian.modeling_marian": (
        "MarianAttention MarianDecoder MarianDecoderLayer MarianDecoderWrapper MarianEncoder MarianEncoderLayer "
        "MarianForCausalLM MarianMTModel MarianModel MarianPreTrainedModel MarianSinusoidalPositionalEmbedding"
    ),
    "transformers.models.mbart.configuration_mbart": "MBartConfig MBartOnnxConfig",
    "transformers.models.mbart.modeling_mbart": (
        "MBartAttention MBartClassificationHead MBartDecoder MBartDecoderLayer MBartDecoderWrapper MBartEncoder "
        "MBartEncoderLayer MBartForCausalLM MBartForConditionalGeneration MBartForQuestionAnswering "
        "MBartForSequenceClassification MBartLearnedPositionalEmbedding MBartModel MBartPreTrainedModel "
        "MBartScaledWordEmbedding"
    ),
    "transformers.models.mistral.configuration_mistral": "MistralConfig",
    "transformers.models.mistral.modeling_mistral": (
        "MistralAttention MistralDecoderLayer MistralForCausalLM MistralForQuestionAnswering "
        "MistralForSequenceClassification MistralForTokenClassification MistralMLP MistralModel MistralPreTrainedModel "
        "MistralRMSNorm MistralRotaryEmbedding"
    ),
    "transformers.models.mixtral.configuration_mixtral": "MixtralConfig",
    "transformers.models.mixtral.modeling_mixtral": (
        "MixtralAttention MixtralBlockSparseTop2MLP MixtralDecoderLayer MixtralExperts MixtralForCausalLM "
        "MixtralForQuestionAnswering MixtralForSequenceClassification MixtralForTokenClassification MixtralModel "
        "MixtralPreTrainedModel MixtralRMSNorm MixtralRotaryEmbedding MixtralSparseMoeBlock MixtralTopKRouter"
    ),
    "transformers.models.mobilebert.configuration_mobilebert": "MobileBertConfig MobileBertOnnxConfig",
    "transformers.models.mobilebert.modeling_mobilebert": (
        "Bottleneck BottleneckLayer FFNLayer FFNOutput MobileBertAttention MobileBertEmbeddings MobileBertEncoder "
        "MobileBertForMaskedLM MobileBertForMultipleChoice MobileBertForNextSentencePrediction "
        "MobileBertForPreTraining MobileBertForPreTrainingOutput MobileBertForQuestionAnswering "
        "MobileBertForSequenceClassification MobileBertForTokenClassification MobileBertIntermediate "
        "MobileBertLMPredictionHead MobileBertLayer MobileBertModel MobileBertOnlyMLMHead MobileBertOnlyNSPHead "
        "MobileBertOutput MobileBertPooler MobileBertPreTrainedModel MobileBertPreTrainingHeads "
        "MobileBertPredictionHeadTransform MobileBertSelfAttention MobileBertSelfOutput NoNorm OutputBottleneck"
    ),
    "transformers.models.mobilebert.tokenization_mobilebert": "BasicTokenizer WordpieceTokenizer",
    "transformers.models.mobilevit.configuration_mobilevit": "MobileViTConfig MobileViTOnnxConfig",
    "transformers.models.mobilevit.modeling_mobilevit": (
        "MobileViTASPP MobileViTASPPPooling MobileViTAttention MobileViTConvLayer MobileViTDeepLabV3 MobileViTEncoder "
        "MobileViTForImageClassification MobileViTForSemanticSegmentation MobileViTIntermediate "
        "MobileViTInvertedResidual MobileViTLayer MobileViTMobileNetLayer MobileViTModel MobileViTOutput "
        "MobileViTPreTrainedModel MobileViTSelfAttention MobileViTSelfOutput MobileViTTransformer "
        "MobileViTTransformerLayer"
    ),
    "transformers.models.modernbert.configuration_modernbert": "ModernBertConfig",
    "transformers.models.modernbert.modeling_modernbert": (
        "ModernBertAttention ModernBertEmbeddings ModernBertEncoderLayer ModernBertForMaskedLM "
        "ModernBertForMultipleChoice ModernBertForQuestionAnswering ModernBertForSequenceClassification "
        "ModernBertForTokenClassification ModernBertMLP ModernBertModel ModernBertPreTrainedModel "
        "ModernBertPredictionHead ModernBertRotaryEmbedding"
    ),
    "transformers.models.mpnet.configuration_mpnet": "MPNetConfig",
    "transformers.models.mpnet.modeling_mpnet": (
        "MPNetAttention MPNetClassificationHead MPNetEmbeddings MPNetEncoder MPNetForMaskedLM MPNetForMultipleChoice "
        "MPNetForQuestionAnswering MPNetForSequenceClassification MPNetForTokenClassification MPNetIntermediate "
        "MPNetLMHead MPNetLayer MPNetModel MPNetOutput MPNetPooler MPNetPreTrainedModel MPNetSelfAttention"
    ),
    "transformers.models.mpnet.tokenization_mpnet": "BasicTokenizer WordpieceTokenizer",
    "transformers.models.mpt.configuration_mpt": "MptAttentionConfig MptConfig",
    "transformers.models.mpt.modeling_mpt": (
        "MptAttention MptBlock MptForCausalLM MptForQuestionAnswering MptForSequenceClassification "
        "MptForTokenClassification MptMLP MptModel MptPreTrainedModel"
    ),
    "transformers.models.mt5.configuration_mt5": "MT5Config MT5OnnxConfig",
    "transformers.models.mt5.modeling_mt5": (
        "MT5Attention MT5Block MT5ClassificationHead MT5DenseActDense MT5DenseGatedActDense MT5EncoderModel "
        "MT5ForConditionalGeneration MT5ForQuestionAnswering MT5ForSequenceClassification MT5ForTokenClassification "
        "MT5LayerCrossAttention MT5LayerFF MT5LayerNorm MT5LayerSelfAttention MT5Model MT5PreTrainedModel MT5Stack"
    ),
    "transformers.models.nllb_moe.configuration_nllb_moe": "NllbMoeConfig",
    "transformers.models.nllb_moe.modeling_nllb_moe": (
        "NllbMoeAttention NllbMoeDecoder NllbMoeDecoderLayer NllbMoeDenseActDense NllbMoeEncoder NllbMoeEncoderLayer "
        "NllbMoeExperts NllbMoeForConditionalGeneration NllbMoeModel NllbMoePreTrainedModel NllbMoeScaledWordEmbedding "
        "NllbMoeSinusoidalPositionalEmbedding NllbMoeSparseMLP NllbMoeTop2Router"
    ),
    "transformers.models.opt.configuration_opt": "OPTConfig",
    "transformers.models.opt.modeling_opt": (
        "OPTAttention OPTDecoder OPTDecoderLayer OPTForCausalLM OPTForQuestionAnswering OPTForSequenceClassification "
        "OPTLearnedPositionalEmbedding OPTModel OPTPreTrainedModel"
    ),
    "transformers.models.pegasus.configuration_pegasus": "PegasusConfig",
    "transformers.models.pegasus.modeling_pegasus": (
        "PegasusAttention PegasusDecoder PegasusDecoderLayer PegasusDecoderWrapper PegasusEncoder PegasusEncoderLayer "
        "PegasusForCausalLM PegasusForConditionalGeneration PegasusModel PegasusPreTrainedModel "
        "PegasusSinusoidalPositionalEmbedding"
    ),
    "transformers.models.pegasus.tokenization_pegasus": "PegasusTokenizer",
    "transformers.models.phi.configuration_phi": "PhiConfig",
    "transformers.models.phi.modeling_phi": (
        "PhiAttention PhiDecoderLayer PhiForCausalLM PhiForSequenceClassification PhiForTokenClassification PhiMLP "
        "PhiModel PhiPreTrainedModel PhiRotaryEmbedding"
    ),
    "transformers.models.phi3.configuration_phi3": "Phi3Config",
    "transformers.models.phi3.modeling_phi3": (
        "Phi3Attention Phi3DecoderLayer Phi3ForCausalLM Phi3ForSequenceClassification Phi3ForTokenClassification "
        "Phi3MLP Phi3Model Phi3PreTrainedModel Phi3RMSNorm Phi3RotaryEmbedding"
    ),
    "transformers.models.qwen2.configuration_qwen2": "Qwen2Config",
    "transformers.models.qwen2.modeling_qwen2": (
        "Qwen2Attention Qwen2DecoderLayer Qwen2ForCausalLM Qwen2ForQuestionAnswering Qwen2ForSequenceClassification "
        "Qwen2ForTokenClassification Qwen2MLP Qwen2Model Qwen2PreTrainedModel Qwen2RMSNorm Qwen2RotaryEmbedding"
    ),
    "transformers.models.qwen2.tokenization_qwen2": "Qwen2Tokenizer",
    "transformers.models.qwen3.configuration_qwen3": "Qwen3Config",
    "transformers.models.qwen3.modeling_qwen3": (
        "Qwen3Attention Qwen3DecoderLayer Qwen3ForCausalLM Qwen3ForQuestionAnswering Qwen3ForSequenceClassification "
        "Qwen3ForTokenClassification Qwen3MLP Qwen3Model Qwen3PreTrainedModel Qwen3RMSNorm Qwen3RotaryEmbedding"
    ),
    "transformers.models.reformer.configuration_reformer": "ReformerConfig",
    "transformers.models.reformer.modeling_reformer": (
        "AttentionOutput AxialPositionEmbeddings ChunkReformerFeedForward EfficientAttentionMixin LSHSelfAttention "
        "LSHSelfAttentionOutput LocalSelfAttention LocalSelfAttentionOutput PositionEmbeddings ReformerAttention "
        "ReformerBackwardOutput ReformerClassificationHead ReformerDynamicCache ReformerEmbeddings ReformerEncoder "
        "ReformerEncoderOutput ReformerFeedForwardDense ReformerFeedForwardOutput ReformerForMaskedLM "
        "ReformerForQuestionAnswering ReformerForSequenceClassification ReformerLayer ReformerModel "
        "ReformerModelOutput ReformerModelWithLMHead ReformerModelWithLMHeadOutput ReformerOnlyLMHead ReformerOutput "
        "ReformerPreTrainedModel ReformerSelfOutput"
    ),
    "transformers.models.reformer.tokenization_reformer": "ReformerTokenizer",
    "transformers.models.regnet.configuration_regnet": "RegNetConfig",
    "transformers.models.regnet.modeling_regnet": (
        "RegNetConvLayer RegNetEmbeddings RegNetEncoder RegNetForImageClassification RegNetModel RegNetPreTrainedModel "
        "RegNetSELayer RegNetShortCut RegNetStage RegNetXLayer RegNetYLayer"
    ),
    "transformers.models.rembert.configuration_rembert": "RemBertConfig RemBertOnnxConfig",
    "transformers.models.rembert.modeling_rembert": (
        "RemBertAttention RemBertEmbeddings RemBertEncoder RemBertForCausalLM RemBertForMaskedLM "
        "RemBertForMultipleChoice RemBertForQuestionAnswering RemBertForSequenceClassification "
        "RemBertForTokenClassification RemBertIntermediate RemBertLMPredictionHead RemBertLayer RemBertModel "
        "RemBertOnlyMLMHead RemBertOutput RemBertPooler RemBertPreTrainedModel RemBertPredictionHeadTransform "
        "RemBertSelfAttention RemBertSelfOutput"
    ),
    "transformers.models.rembert.tokenization_rembert": "RemBertTokenizer",
    "transformers.models.resnet.configuration_resnet": "ResNetConfig ResNetOnnxConfig",
    "transformers.models.resnet.modeling_resnet": (
        "ResNetBackbone ResNetBasicLayer ResNetBottleNeckLayer ResNetConvLayer ResNetEmbeddings ResNetEncoder "
        "ResNetForImageClassification ResNetModel ResNetPreTrainedModel ResNetShortCut ResNetStage"
    ),
    "transformers.models.roberta.configuration_roberta": "RobertaConfig RobertaOnnxConfig",
    "transformers.models.roberta.modeling_roberta": (
        "RobertaAttention RobertaClassificationHead RobertaCrossAttention RobertaEmbeddings RobertaEncoder "
        "RobertaForCausalLM RobertaForMaskedLM RobertaForMultipleChoice RobertaForQuestionAnswering "
        "RobertaForSequenceClassification RobertaForTokenClassification RobertaIntermediate RobertaLMHead RobertaLayer "
        "RobertaModel RobertaOutput RobertaPooler RobertaPreTrainedModel RobertaSdpaSelfAttention RobertaSelfAttention "
        "RobertaSelfOutput"
    ),
    "transformers.models.roberta.tokenization_roberta": "RobertaTokenizer",
    "transformers.models.roformer.configuration_roformer": "RoFormerConfig RoFormerOnnxConfig",
    "transformers.models.roformer.modeling_roformer": (
        "RoFormerAttention RoFormerClassificationHead RoFormerEmbeddings RoFormerEncoder RoFormerForCausalLM "
        "RoFormerForMaskedLM RoFormerForMultipleChoice RoFormerForQuestionAnswering RoFormerForSequenceClassification "
        "RoFormerForTokenClassification RoFormerIntermediate RoFormerLMPredictionHead RoFormerLayer RoFormerModel "
        "RoFormerOnlyMLMHead RoFormerOutput RoFormerPreTrainedModel RoFormerPredictionHeadTransform "
        "RoFormerSelfAttention RoFormerSelfOutput RoFormerSequenceSummary RoFormerSinusoidalPositionalEmbedding"
    ),
    "transformers.models.roformer.tokenization_roformer": "BasicTokenizer RoFormerTokenizer WordpieceTokenizer",
    "transformers.models.roformer.tokenization_utils": "JiebaPreTokenizer",
    "transformers.models.segformer.configuration_segformer": "SegformerConfig SegformerOnnxConfig",
    "transformers.models.segformer.modeling_segformer": (
        "SegFormerImageClassifierOutput SegformerAttention SegformerDWConv SegformerDecodeHead SegformerDepthWiseConv "
        "SegformerDropPath SegformerEfficientSelfAttention SegformerEncoder SegformerForImageClassification "
        "SegformerForSemanticSegmentation SegformerLayer SegformerMLP SegformerMixFFN SegformerMixMLP SegformerModel "
        "SegformerOverlapPatchEmbeddings SegformerPreTrainedModel SegformerSelfOutput SegformerSequenceReduction "
        "SegformerStage"
    ),
    "transformers.models.siglip.configuration_siglip": "SiglipConfig SiglipTextConfig SiglipVisionConfig",
    "transformers.models.siglip.modeling_siglip": (
        "SiglipAttention SiglipEncoder SiglipEncoderLayer SiglipForImageClassification SiglipMLP SiglipModel "
        "SiglipMultiheadAttentionPoolingHead SiglipOutput SiglipPreTrainedModel SiglipTextEmbeddings SiglipTextModel "
        "SiglipTextModelOutput SiglipTextTransformer SiglipVisionEmbeddings SiglipVisionModel SiglipVisionModelOutput "
        "SiglipVisionTransformer"
    ),
    "transformers.models.squeezebert.configuration_squeezebert": "SqueezeBertConfig SqueezeBertOnnxConfig",
    "transformers.models.squeezebert.modeling_squeezebert": (
        "ConvActivation ConvDropoutLayerNorm MatMulWrapper SqueezeBertEmbeddings SqueezeBertEncoder "
        "SqueezeBertForMaskedLM SqueezeBertForMultipleChoice SqueezeBertForQuestionAnswering "
        "SqueezeBertForSequenceClassification SqueezeBertForTokenClassification SqueezeBertLMPredictionHead "
        "SqueezeBertLayerNorm SqueezeBertModel SqueezeBertModule SqueezeBertOnlyMLMHead SqueezeBertPooler "
        "SqueezeBertPreTrainedModel SqueezeBertPredictionHeadTransform SqueezeBertSelfAttention"
    ),
    "transformers.models.squeezebert.tokenization_squeezebert": "BasicTokenizer WordpieceTokenizer",
    "transformers.models.swin.configuration_swin": "SwinConfig SwinOnnxConfig",
    "transformers.models.swin.modeling_swin": (
        "SwinAttention SwinBackbone SwinDropPath SwinEmbeddings SwinEncoder SwinEncoderOutput "
        "SwinForImageClassification SwinForMaskedImageModeling SwinImageClassifierOutput SwinIntermediate SwinLayer "
        "SwinMLP SwinMaskedImageModelingOutput SwinModel SwinModelOutput SwinOutput SwinPatchEmbeddings "
        "SwinPatchMerging SwinPreTrainedModel SwinRelativePositionBias SwinSelfAttention SwinSelfOutput SwinStage"
    ),
    "transformers.models.t5.configuration_t5": "T5Config T5OnnxConfig",
    "transformers.models.t5.modeling_t5": (
        "T5Attention T5Block T5ClassificationHead T5DenseActDense T5DenseGatedActDense T5EncoderModel "
        "T5ForConditionalGeneration T5ForQuestionAnswering T5ForSequenceClassification T5ForTokenClassification "
        "T5LayerCrossAttention T5LayerFF T5LayerNorm T5LayerSelfAttention T5Model T5PreTrainedModel T5Stack"
    ),
    "transformers.models.t5.tokenization_t5": "T5Tokenizer",
    "transformers.models.trocr.configuration_trocr": "TrOCRConfig",
    "transformers.models.trocr.modeling_trocr": (
        "TrOCRAttention TrOCRDecoder TrOCRDecoderLayer TrOCRDecoderWrapper TrOCRForCausalLM "
        "TrOCRLearnedPositionalEmbedding TrOCRPreTrainedModel TrOCRScaledWordEmbedding "
        "TrOCRSinusoidalPositionalEmbedding"
    ),
    "transformers.models.vit.configuration_vit": "ViTConfig ViTOnnxConfig",
    "transformers.models.vit.modeling_vit": (
        "ViTAttention ViTEmbeddings ViTEncoder ViTForImageClassification ViTForMaskedImageModeling ViTIntermediate "
        "ViTLayer ViTMLP ViTModel ViTOutput ViTPatchEmbeddings ViTPooler ViTPreTrainedModel ViTSelfAttention "
        "ViTSelfOutput"
    ),
    "transformers.models.vit_mae.configuration_vit_mae": "ViTMAEConfig",
    "transformers.models.vit_mae.modeling_vit_mae": (
        "ViTMAEAttention ViTMAEDecoder ViTMAEDecoderOutput ViTMAEEmbeddings ViTMAEEncoder ViTMAEForPreTraining "
        "ViTMAEForPreTrainingOutput ViTMAEIntermediate ViTMAELayer ViTMAEMLP ViTMAEModel ViTMAEModelOutput "
        "ViTMAEOutput ViTMAEPatchEmbeddings ViTMAEPreTrainedModel ViTMAESelfAttention ViTMAESelfOutput"
    ),
    "transformers.models.wav2vec2.configuration_wav2vec2": "Wav2Vec2Config",
    "transformers.models.wav2vec2.modeling_wav2vec2": (
        "AMSoftmaxLoss TDNNLayer Wav2Vec2Adapter Wav2Vec2AdapterLayer Wav2Vec2Attention Wav2Vec2AttnAdapterLayer "
        "Wav2Vec2Encoder Wav2Vec2EncoderLayer Wav2Vec2EncoderLayerStableLayerNorm Wav2Vec2EncoderStableLayerNorm "
        "Wav2Vec2FeatureEncoder Wav2Vec2FeatureExtractor Wav2Vec2FeatureProjection Wav2Vec2FeedForward "
        "Wav2Vec2ForAudioFrameClassification Wav2Vec2ForCTC Wav2Vec2ForMaskedLM Wav2Vec2ForPreTraining "
        "Wav2Vec2ForPreTrainingOutput Wav2Vec2ForSequenceClassification Wav2Vec2ForXVector Wav2Vec2GroupNormConvLayer "
        "Wav2Vec2GumbelVectorQuantizer Wav2Vec2LayerNormConvLayer Wav2Vec2Model Wav2Vec2NoLayerNormConvLayer "
        "Wav2Vec2PositionalConvEmbedding Wav2Vec2PreTrainedModel Wav2Vec2SamePadLayer"
    ),
    "transformers.models.wav2vec2.tokenization_wav2vec2": "Wav2Vec2CTCTokenizerOutput",
    "transformers.models.whisper.configuration_whisper": "WhisperConfig WhisperOnnxConfig",
    "transformers.models.whisper.modeling_whisper": (
        "WhisperAttention WhisperDecoder WhisperDecoderLayer WhisperDecoderWrapper WhisperEncoder WhisperEncoderLayer "
        "WhisperForAudioClassification WhisperForCausalLM WhisperForConditionalGeneration WhisperModel "
        "WhisperPositionalEmbedding WhisperPreTrainedModel"
    ),
    "transformers.models.whisper.tokenization_whisper": "WhisperTokenizer",
    "transformers.models.xlm.configuration_xlm": "XLMConfig XLMOnnxConfig",
    "transformers.models.xlm.modeling_xlm": (
        "MultiHeadAttention TransformerFFN XLMForMultipleChoice XLMForQuestionAnswering XLMForQuestionAnsweringOutput "
        "XLMForQuestionAnsweringSimple XLMForSequenceClassification XLMForTokenClassification XLMModel "
        "XLMPoolerAnswerClass XLMPoolerEndLogits XLMPoolerStartLogits XLMPreTrainedModel XLMPredLayer XLMSQuADHead "
        "XLMSequenceSummary XLMSquadHeadOutput XLMWithLMHeadModel"
    ),
    "transformers.models.xlm.tokenization_xlm": "XLMTokenizer",
    "transformers.models.xlm_roberta.configuration_xlm_roberta": "XLMRobertaConfig XLMRobertaOnnxConfig",
    "transformers.models.xlm_roberta.modeling_xlm_roberta": (
        "XLMRobertaAttention XLMRobertaClassificationHead XLMRobertaCrossAttention XLMRobertaEmbeddings "
        "XLMRobertaEncoder XLMRobertaForCausalLM XLMRobertaForMaskedLM XLMRobertaForMultipleChoice "
        "XLMRobertaForQuestionAnswering XLMRobertaForSequenceClassification XLMRobertaForTokenClassification "
        "XLMRobertaIntermediate XLMRobertaLMHead XLMRobertaLayer XLMRobertaModel XLMRobertaOutput XLMRobertaPooler "
        "XLMRobertaPreTrainedModel XLMRobertaSdpaSelfAttention XLMRobertaSelfAttention XLMRobertaSelfOutput"
    ),
    "transformers.models.xlm_roberta.tokenization_xlm_roberta": "XLMRobertaTokenizer",
    "transformers.models.xlnet.configuration_xlnet": "XLNetConfig",
    "transformers.models.xlnet.modeling_xlnet": (
        "XLNetFeedForward XLNetForMultipleChoice XLNetForMultipleChoiceOutput XLNetForQuestionAnswering "
        "XLNetForQuestionAnsweringOutput XLNetForQuestionAnsweringSimple XLNetForQuestionAnsweringSimpleOutput "
        "XLNetForSequenceClassification XLNetForSequenceClassificationOutput XLNetForTokenClassification "
        "XLNetForTokenClassificationOutput XLNetLMHeadModel XLNetLMHeadModelOutput XLNetLayer XLNetModel "
        "XLNetModelOutput XLNetPoolerAnswerClass XLNetPoolerEndLogits XLNetPoolerStartLogits XLNetPreTrainedModel "
        "XLNetRelativeAttention XLNetSequenceSummary"
    ),
    "transformers.models.xlnet.tokenization_xlnet": "XLNetTokenizer",
    "transformers.models.yolos.configuration_yolos": "YolosConfig YolosOnnxConfig",
    "transformers.models.yolos.modeling_yolos": (
        "InterpolateInitialPositionEmbeddings InterpolateMidPositionEmbeddings NestedTensor YolosAttention "
        "YolosEmbeddings YolosEncoder YolosForObjectDetection YolosHungarianMatcher YolosIntermediate YolosLayer "
        "YolosLoss YolosMLPPredictionHead YolosModel YolosObjectDetectionOutput YolosOutput YolosPatchEmbeddings "
        "YolosPooler YolosPreTrainedModel YolosSelfAttention YolosSelfOutput"
    ),
    "transformers.pytorch_utils": "Conv1D",
    "transformers.tokenization_mistral_common": "MistralCommonBackend MistralCommonTokenizer",
    "transformers.tokenization_python": "ExtensionsTrie PythonBackend Trie",
    "transformers.tokenization_utils": "ExtensionsTrie Trie",
    "transformers.tokenization_utils_base": (
        "AddedToken BatchEncoding CharSpan EncodingFast PreTrainedTokenizerBase TokenSpan"
    ),
    "transformers.tokenization_utils_sentencepiece": "SentencePieceBackend SentencePieceExtractor",
    "transformers.tokenization_utils_tokenizers": "TokenizersBackend",
    "transformers.trainer_callback": (
        "CallbackHandler DefaultFlowCallback EarlyStoppingCallback ExportableState PrinterCallback ProgressCallback "
        "TrainerCallback TrainerControl TrainerState"
    ),
    "transformers.trainer_pt_utils": (
        "AcceleratorConfig BatchRebalanceSampler DistributedLengthGroupedSampler DistributedSamplerWithLoop "
        "DistributedTensorGatherer EvalLoopContainer=no-items IterableDatasetShard LabelSmoother "
        "LayerWiseDummyOptimizer LayerWiseDummyScheduler LengthGroupedSampler SequentialDistributedSampler "
        "ShardSampler"
    ),
    "transformers.trainer_utils": (
        "BestRun EvalLoopOutput EvalPrediction PredictionOutput RemoveColumnsCollator TrainOutput TrainerMemoryTracker"
    ),
    "transformers.training_args": "TrainingArguments",
    "transformers.training_args_seq2seq": "Seq2SeqTrainingArguments",
    "transformers.training_args_tf": "TFTrainingArguments",
    "transformers.utils.generic": "ContextManagers GeneralInterface ModelOutput OutputRecorder TransformersKwargs",
    "transformers.utils.quantization_config": (
        "AqlmConfig AutoRoundConfig AwqConfig BitNetQuantConfig BitsAndBytesConfig CompressedTensorsConfig EetqConfig "
        "FPQuantConfig FbgemmFp8Config FineGrainedFP8Config FourOverSixConfig GPTQConfig GemmaQuantizationConfig "
        "GgufConfig HiggsConfig HqqConfig MetalConfig Mxfp4Config NVFP4Config QuantizationConfigMixin QuantoConfig "
        "QuarkConfig SinqConfig SpQRConfig TorchAoConfig VptqConfig VptqLayerConfig"
    ),
}
