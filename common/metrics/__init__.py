"""Scores of predictions, one module per family of metrics; `scores` is their common base."""
