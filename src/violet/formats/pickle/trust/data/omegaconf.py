"""Names trusted in pickles (omegaconf). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "omegaconf._utils": "ValueKind",
    "omegaconf.base": "SCMode",
    "omegaconf.errors": (
        "ConfigAttributeError ConfigCycleDetectedException ConfigIndexError ConfigKeyError ConfigTypeError "
        "ConfigValueError GrammarParseError InterpolationKeyError InterpolationResolutionError "
        "InterpolationToMissingValueError InterpolationValidationError KeyValidationError MissingMandatoryValue "
        "OmegaConfBaseException ReadonlyConfigError UnsupportedInterpolationType UnsupportedValueType ValidationError"
    ),
}
CONSTRUCT: dict[str, str] = {
    "omegaconf._key_path": "NodeInterpolationKey",
    "omegaconf._missing": "_EscapedMissing",
    "omegaconf._utils": "Marker OmegaConfDumper _TuplePlaceholder",
    "omegaconf._yaml": "_DefaultMaxYamlExpandedNodes",
    "omegaconf.base": "Box Container ContainerMetadata Metadata Node UnionNode",
    "omegaconf.basecontainer": "BaseContainer",
    "omegaconf.dictconfig": "DictConfig",
    "omegaconf.listconfig": "ListConfig=no-items ListConfig.ListIterator",
    "omegaconf.nodes": (
        "AnyNode BooleanNode BytesNode EnumNode FloatNode IntegerNode InterpolationResultNode LiteralNode NoneNode "
        "PathNode StringNode ValueNode"
    ),
    "omegaconf.omegaconf": "OmegaConf",
    "omegaconf.tupleconfig": "TupleConfig=no-items TupleConfig.TupleIterator",
}
