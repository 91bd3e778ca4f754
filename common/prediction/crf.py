"""Probabilities of a linear-chain conditional random field; `common.layers.CRF` computes the same in training."""

from __future__ import annotations

import numpy as np


def log_probabilities(scores: np.ndarray, transitions: np.ndarray, padding_mask: np.ndarray) -> np.ndarray:
    """Log-probability of each tag given the tag before it and the whole input.

    A recurrence from the last timestep to the first sums over all paths to the end (Lafferty and others 2001).

    Args:
        scores: float array `(batch, timesteps, num_tags)`, the score of each tag at each timestep.
        transitions: float array `(num_tags + 1, num_tags)`, the score of tag j after tag i; the last row is the start.
        padding_mask: bool array `(batch, timesteps)`, true where a timestep is real; right-padded.

    Returns:
        float64 array `(batch, timesteps, num_tags + 1, num_tags)`, of tag j after tag i. The last row applies to the
        first timestep and is meaningless elsewhere, as are all values at padding.
    """
    scores, transitions = scores.astype(np.float64), transitions.astype(np.float64)
    batch, timesteps, num_tags = scores.shape
    ahead = np.zeros((batch, num_tags + 1))  # for each previous tag: log of the summed weight of all paths to the end
    logs = np.empty((batch, timesteps, num_tags + 1, num_tags))
    for step in reversed(range(timesteps)):
        weights = transitions + (scores[:, step] + ahead[:, :-1])[:, None, :]  # (batch, num_tags + 1, num_tags)
        largest = weights.max(axis=-1, keepdims=True)
        total = largest + np.log(np.exp(weights - largest).sum(axis=-1, keepdims=True))
        logs[:, step] = weights - total
        ahead = np.where(padding_mask[:, step, None], total[..., 0], 0.0)
    return logs
