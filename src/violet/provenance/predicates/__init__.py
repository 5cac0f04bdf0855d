"""The predicates that Violet writes and reads, one file each: a frozen dataclass with ``encode`` and ``decode``.

``decode`` raises ``PredicateError`` for what the type's own specification calls required and is missing or of
another type; fields that it does not know are passed over.
"""
