"""Names trusted in pickles (gymnasium). Written by tools/trust/generate.py: change that instead."""

CONSTRUCT: dict[str, str] = {
    "gymnasium.spaces.box": "Box",
    "gymnasium.spaces.dict": "Dict",
    "gymnasium.spaces.discrete": "Discrete",
    "gymnasium.spaces.graph": "Graph GraphInstance",
    "gymnasium.spaces.multi_binary": "MultiBinary",
    "gymnasium.spaces.multi_discrete": "MultiDiscrete",
    "gymnasium.spaces.oneof": "OneOf",
    "gymnasium.spaces.sequence": "Sequence",
    "gymnasium.spaces.space": "Space",
    "gymnasium.spaces.text": "Text",
    "gymnasium.spaces.tuple": "Tuple",
}
