"""Denial: inputs that cost a model more time or work than usual ones, searched for and measured."""
