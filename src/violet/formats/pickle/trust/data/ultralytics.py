"""Names trusted in pickles (ultralytics). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "ultralytics.nn.modules.activation": "AGLU",
    "ultralytics.nn.modules.block": (
        "A2C2f AAttn ABlock AConv ADown Attention BNContrastiveHead Bottleneck BottleneckCSP C1 C2 C2PSA C2f C2fAttn "
        "C2fCIB C2fPSA C3 C3Ghost C3TR C3f C3k C3k2 C3x CBFuse CBLinear CIB ContrastiveHead DFL ELAN1 GhostBottleneck "
        "HGBlock HGStem ImagePoolingAttn MaxSigmoidAttnBlock PSA PSABlock Proto RepBottleneck RepC3 RepCSP "
        "RepNCSPELAN4 RepVGGDW ResNetBlock ResNetLayer SCDown SPP SPPELAN SPPF TorchVision"
    ),
    "ultralytics.nn.modules.conv": (
        "CBAM ChannelAttention Concat Conv Conv2 ConvTranspose DWConv DWConvTranspose2d Focus GhostConv Index "
        "LightConv RepConv SpatialAttention"
    ),
    "ultralytics.nn.modules.head": (
        "Classify Detect LRPCHead OBB Pose RTDETRDecoder Residual SAVPE Segment SwiGLUFFN WorldDetect YOLOEDetect "
        "YOLOESegment v10Detect"
    ),
    "ultralytics.nn.modules.transformer": (
        "AIFI DeformableTransformerDecoder DeformableTransformerDecoderLayer LayerNorm2d MLP MLPBlock MSDeformAttn "
        "TransformerBlock TransformerEncoderLayer TransformerLayer"
    ),
    "ultralytics.nn.tasks": (
        "BaseModel ClassificationModel DetectionModel Ensemble OBBModel PoseModel RTDETRDetectionModel SafeClass "
        "SegmentationModel WorldModel YOLOEModel YOLOESegModel"
    ),
    "ultralytics.utils": (
        "IterableSimpleNamespace JSONDict=no-items Retry SettingsManager=no-items SimpleClass ThreadingLocked TryExcept"
    ),
    "ultralytics.utils.loss": (
        "BboxLoss DFLoss E2EDetectLoss FocalLoss KeypointLoss RotatedBboxLoss TVPDetectLoss TVPSegmentLoss "
        "VarifocalLoss v8ClassificationLoss v8DetectionLoss v8OBBLoss v8PoseLoss v8SegmentationLoss"
    ),
    "ultralytics.utils.ops": "Profile",
    "ultralytics.utils.tal": "RotatedTaskAlignedAssigner TaskAlignedAssigner",
    "ultralytics.utils.torch_utils": "EarlyStopping FXModel ModelEMA",
}
