"""Names trusted in pickles (lightning_fabric). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "lightning_fabric.utilities.data": "_WrapAttrTag",
    "lightning_fabric.utilities.enums": "LightningEnum _AcceleratorType",
}
CONSTRUCT: dict[str, str] = {
    "lightning_fabric.utilities.data": "AttributeDict",
    "lightning_fabric.utilities.types": (
        "CollectibleGroup LRScheduler Optimizable ReduceLROnPlateau Steppable _Stateful"
    ),
}
