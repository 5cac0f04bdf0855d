"""Attacks on classifiers of text that need no language model: typing errors, look-alikes, and other words."""
