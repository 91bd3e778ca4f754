"""Log-probabilities of the next frame given the last ones: n-grams for melodies, Markov models for chords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.baselines.ngram import KneserNey
from common.encoding import notes
from common.encoding.text import SPECIAL

ORDERS = (2, 3, 4, 5, 6, 8)
ECHO = 4  # frames that must agree with an earlier passage of the piece
DOUBT = 5.0  # weight, in frames, of the prior of a chord's successors

Frames = Sequence[Sequence[int]]
SMALLEST, LARGEST = 1e-4, 1 - 1e-4  # bounds of the probability that a key sounds


def of_melodies(train: Sequence[Frames], pieces: Sequence[Frames]) -> dict[str, list[np.ndarray]]:
    """Interpolated Kneser-Ney of several orders, and one of them with a memory of the piece itself.

    The n-grams give the ids of UNKNOWN and END some probability too; that of the classes is divided by its sum.

    Returns:
        name -> for each piece log-probabilities `(timesteps, 89)` of the classes of a melody.
    """
    lines, tested = ([notes.to_classes(piece) + len(SPECIAL) for piece in part] for part in (train, pieces))
    found = {}
    for order in ORDERS:
        model = KneserNey(lines, order, notes.KEYS + 1 + len(SPECIAL))
        classes = [model.along(line)[:, len(SPECIAL) :] for line in tested]
        found[f"order {order}"] = [np.log(rows / rows.sum(axis=1, keepdims=True)) for rows in classes]
    trust = _trust(train)
    best = found["order 5"]
    found["order 5 with echo"] = [_with_echo(piece, logs, trust) for piece, logs in zip(pieces, best, strict=True)]
    return found


def _trust(train: Sequence[Frames]) -> float:
    """How often the frame that followed an earlier occurrence of a passage follows again."""
    pairs = [pair for piece in train for pair in zip(piece, notes.echoes(piece, ECHO)) if pair[1] is not None]
    return (sum(own == echo for own, echo in pairs) + 1) / (len(pairs) + 2)


def _with_echo(piece: Frames, log_probabilities: np.ndarray, trust: float) -> np.ndarray:
    probabilities = np.exp(log_probabilities)
    for step, echo in enumerate(notes.echoes(piece, ECHO)[:-1]):
        if echo is not None:
            probabilities[step] *= 1 - trust
            probabilities[step, notes.to_classes([echo])[0]] += trust
    return np.log(probabilities)


def of_chords(train: Sequence[Frames], pieces: Sequence[Frames]) -> dict[str, list[np.ndarray]]:
    """Predict each key from its own last state, from the whole last chord, and by logistic regression on that chord.

    Returns:
        name -> for each piece log-probabilities `(timesteps, 88, 2)` that a key is silent, and that it sounds.
    """
    before = np.concatenate([notes.to_keys(((), *piece[:-1])) for piece in train])
    after = np.concatenate([notes.to_keys(piece) for piece in train])
    tested = [notes.to_keys(((), *piece[:-1])) for piece in pieces]
    by_key = _by_key(before, after)
    found = {
        "Markov of keys": [by_key(rows) for rows in tested],
        "Markov of chords": list(map(_by_chord(before, after, by_key), tested)),
        "logistic regression on the last chord": list(map(_logistic(before, after), tested)),
    }
    return {name: [_log_probabilities(rows) for rows in each] for name, each in found.items()}


def _by_key(before: np.ndarray, after: np.ndarray):
    sounding = before.astype(bool)
    counts = np.stack([(~sounding).sum(0), sounding.sum(0)])
    hits = np.stack([(~sounding & (after > 0)).sum(0), (sounding & (after > 0)).sum(0)])
    after_silent, after_sounding = (hits + 0.1) / (counts + 1)
    return lambda rows: np.where(rows > 0, after_sounding, after_silent)


def _by_chord(before: np.ndarray, after: np.ndarray, prior):
    chords, numbers = np.unique(before, axis=0, return_inverse=True)
    places = {chord.tobytes(): number for number, chord in enumerate(chords)}
    counts = np.bincount(numbers.ravel())
    sums = np.zeros(chords.shape)
    np.add.at(sums, numbers.ravel(), after)

    def probabilities(rows: np.ndarray) -> np.ndarray:
        found = prior(rows).copy()
        for row, chord in enumerate(rows):
            if (number := places.get(chord.tobytes())) is not None:
                found[row] = (sums[number] + DOUBT * found[row]) / (counts[number] + DOUBT)
        return found

    return probabilities


def _logistic(before: np.ndarray, after: np.ndarray):
    from sklearn.linear_model import LogisticRegression

    models = {
        key: LogisticRegression(C=0.3, max_iter=200).fit(before, after[:, key])
        for key in range(notes.KEYS)
        if 0 < after[:, key].sum() < len(after)
    }
    always = after.mean(0)

    def probabilities(rows: np.ndarray) -> np.ndarray:
        found = np.tile(always, (len(rows), 1))
        for key, model in models.items():
            found[:, key] = model.predict_proba(rows)[:, 1]
        return found

    return probabilities


def _log_probabilities(sounding: np.ndarray) -> np.ndarray:
    sounding = np.clip(sounding, SMALLEST, LARGEST)
    return np.log(np.stack([1 - sounding, sounding], axis=-1))
