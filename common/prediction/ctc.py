"""Decode the outputs of a network trained by connectionist temporal classification."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

BLANK = 0
RARE = 1e-4  # probability below which a label does not extend a prefix


def greedy(log_probs: np.ndarray) -> list[int]:
    """The labels of the most probable path: the best class of each timestep, with repeats merged and blanks removed.

    Example:
        >>> greedy(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
        [1, 1]
    """
    best = np.asarray(log_probs).argmax(axis=1)
    changes = np.flatnonzero(np.diff(best, prepend=-1))
    return [int(label) for label in best[changes] if label != BLANK]


def steps_needed(targets: np.ndarray) -> np.ndarray:
    """The fewest timesteps in which CTC can write the targets: between two equal tokens there is a blank.

    Args:
        targets: int array `(..., tokens)`, padded with 0.
    """
    repeated = (targets[..., 1:] == targets[..., :-1]) & (targets[..., 1:] != 0)
    return np.count_nonzero(targets, axis=-1) + np.count_nonzero(repeated, axis=-1)


def search(log_probs: np.ndarray, width: int) -> tuple[list[int], float]:
    """The result of `prefix_beam_search`; for a width of 1 the greedy labels and the log-probability of their path."""
    if width > 1:
        return prefix_beam_search(log_probs, width)
    return greedy(log_probs), float(np.max(log_probs, axis=1).sum())


def prefix_beam_search(log_probs: np.ndarray, width: int) -> tuple[list[int], float]:
    """The labels with the highest total probability of all their paths, as found with `width` prefixes at a time.

    A prefix keeps two sums, over the paths that end in a blank and over those that end in its last label: only after a
    blank can the label repeat (Graves and Jaitly 2014, algorithm 1; Hannun and others 2014).

    Args:
        log_probs: float array `(timesteps, classes)`; class 0 is the blank.
        width: number of prefixes to keep, at least 1.

    Returns:
        the labels, and the log-probability of the paths found that spell them.

    Example:
        The likeliest path is two blanks (0.36), but the paths that spell one label are likelier together (0.64).

        >>> prefix_beam_search(np.log([[0.6, 0.4], [0.6, 0.4]]), width=4)[0]
        [1]
    """
    beams = {(): (0.0, -np.inf)}  # prefix -> log-probabilities of ending in a blank, in its last label
    for row in np.asarray(log_probs, np.float64):
        found = defaultdict(lambda: [-np.inf, -np.inf])
        labels = [label for label in np.flatnonzero(row > np.log(RARE)).tolist() if label != BLANK]
        for prefix, (blank, label_last) in beams.items():
            total = np.logaddexp(blank, label_last)
            same = found[prefix]
            same[0] = np.logaddexp(same[0], total + row[BLANK])
            if prefix:
                same[1] = np.logaddexp(same[1], label_last + row[prefix[-1]])
            for label in labels:
                before = blank if prefix and prefix[-1] == label else total
                longer = found[(*prefix, label)]
                longer[1] = np.logaddexp(longer[1], before + row[label])
        best = sorted(found, key=lambda prefix: -np.logaddexp(*found[prefix]))[:width]
        beams = {prefix: tuple(found[prefix]) for prefix in best}
    prefix = max(beams, key=lambda one: np.logaddexp(*beams[one]))
    return list(prefix), float(np.logaddexp(*beams[prefix]))


def alignment(log_probs: np.ndarray, labels: Sequence[int]) -> list[tuple[int, int]]:
    """The position of each label on the most probable path that spells all labels.

    Args:
        log_probs: float array `(timesteps, classes)`.
        labels: classes from 1, found by a search over these timesteps.

    Returns:
        `(start, stop)` of each label, in timesteps.

    Example:
        >>> alignment(np.log([[0.8, 0.2], [0.1, 0.9], [0.1, 0.9], [0.9, 0.1]]), [1])
        [(1, 3)]
    """
    if not labels:
        return []
    states = np.zeros(2 * len(labels) + 1, int)  # blank, label, blank, label, ..., blank
    states[1::2] = labels
    may_skip = np.zeros(len(states), bool)  # whether a path may come from the previous label, skipping the blank
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    scores = np.full(len(states), -np.inf)
    scores[:2] = log_probs[0, states[:2]]
    came_from = np.zeros((len(log_probs), len(states)), int)
    for step, row in enumerate(log_probs[1:], 1):
        one, two = np.r_[-np.inf, scores[:-1]], np.r_[-np.inf, -np.inf, scores[:-2]]
        choices = np.stack([scores, one, np.where(may_skip, two, -np.inf)])
        came_from[step] = choices.argmax(axis=0)
        scores = choices.max(axis=0) + row[states]
    place = len(states) - 1 if scores[-1] > scores[-2] else len(states) - 2
    path = [place]
    for step in range(len(log_probs) - 1, 0, -1):
        place -= came_from[step, place]
        path.append(place)
    path = np.array(path[::-1])
    spans = (np.flatnonzero(path == 2 * number + 1) for number in range(len(labels)))
    return [(int(found[0]), int(found[-1]) + 1) for found in spans]


def spelled(characters: Sequence[str], spans: Sequence[tuple[float, float]]) -> list[tuple[str, float, float]]:
    """The words that characters and spaces spell: `(word, start of its first character, stop of its last)`.

    Example:
        >>> spelled("no yes", [(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (7, 8)])
        [('no', 0, 2), ('yes', 4, 8)]
    """
    found, continues = [], False
    for character, (start, stop) in zip(characters, spans):
        if character == " ":
            continues = False
        elif continues:
            word, begun, _ = found[-1]
            found[-1] = (word + character, begun, stop)
        else:
            found.append((character, start, stop))
            continues = True
    return found
