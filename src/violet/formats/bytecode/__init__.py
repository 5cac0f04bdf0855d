"""Python bytecode, read and never run: code objects as marshal and pickles write them, and what they use."""
