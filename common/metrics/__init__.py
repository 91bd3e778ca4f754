"""Scores of predictions, one module a family; `scores` holds what all families share."""
