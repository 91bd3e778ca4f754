"""A language model over one long text, read from left to right: how well it foresees every token."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

WINDOW = 512  # timesteps that a network reads at once; their logits over 10,000 tokens take 20 MB


def fresh_states(model, rows: int) -> dict[str, np.ndarray]:
    """State name to zeros `(rows, units)`, for every input of the model but `token_ids`."""
    states = {tensor.name: tensor.shape[1] for tensor in model.inputs if tensor.name != "token_ids"}
    return {name: np.zeros((rows, units), np.float32) for name, units in states.items()}


def foreseen(
    step: Callable[[dict], dict], states: Mapping[str, np.ndarray], token_ids: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How well a network foresees a text, read as one stream.

    Args:
        step: a model at rest: from `token_ids` `(1, timesteps)` and states to `logits` `(1, timesteps, vocab_size)`
            and, under the same names, the states after them.
        states: state name to array `(1, units)` before the first token.
        token_ids, targets: int32 arrays `(timesteps,)`; a target is the token after its token id.

    Returns:
        Two arrays `(timesteps,)`: the log-probability of each target in nats, and the likeliest token in its place.
    """
    logs, guesses = np.zeros(len(targets)), np.zeros(len(targets), np.int32)
    for start in range(0, len(targets), WINDOW):
        part = slice(start, start + WINDOW)
        real = len(targets[part])
        window = np.zeros((1, WINDOW), np.int32)  # always one shape, so that the same numbers come out
        window[0, :real] = token_ids[part]
        outputs = step({"token_ids": window, **states})
        states = {name: outputs[name] for name in states}
        logits = outputs["logits"][0, :real].astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        logs[part] = logits[np.arange(real), targets[part]] - np.log(np.exp(logits).sum(axis=1))
        guesses[part] = logits.argmax(axis=1)
    return logs, guesses
