"""The expressions of policies: the Common Expression Language (CEL), in the part that can be checked before use.

The engine (package ``common-expression-language``) gives no syntax tree, and a misspelt name that stands behind
``||`` or in the body of ``all`` over an empty list would never be noticed. So expressions are parsed here, checked
against the types of the context, and handed to the engine in a canonical spelling of the tree that was checked.
Source of the grammar: the CEL language definition, section "Syntax".
"""
