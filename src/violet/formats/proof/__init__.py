"""The proof that a file holds tensors and nothing else, and where the bytes of each stand.

A second, strict interpreter beside the pickle machine: that one follows everything that any unpickler would do,
this one accepts only what picklers write for arrays, tensors and plain containers, and refuses everything else at
the first opcode. Both must agree before a file counts as proven (decision 0016).
"""
