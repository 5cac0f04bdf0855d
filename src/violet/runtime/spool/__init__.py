"""Exchanges on the disk: what passed between callers and the model, kept in segment files of bounded total size.

``writer.Spool`` takes exchanges from the event loop and writes them from a thread of its own; ``reader.SpoolReader``
reads them, also while they are written and after the writer was killed.
"""
