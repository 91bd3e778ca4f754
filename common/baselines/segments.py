"""Recognise spoken words without a network: cut at pauses and classify each piece by a support vector machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from common.datasets.sounds import FRAME, Sound
from common.encoding.spectrogram import RATE, log_mel

QUIET = (20.0, 25.0, 30.0, 35.0, 40.0)  # thresholds to choose from, in decibels below the loudest frame
PAUSES = (0.02, 0.04, 0.08, 0.12)  # minimum lengths of a pause to choose from, in seconds
COSTS = (1.0, 10.0, 100.0)  # costs C of the support vector machine to choose from
TRIED = 300  # training recordings, at least, on which they are chosen
SHORTEST = 0.06  # minimum length of a word in seconds
ROWS, BANDS = 14, 20  # size of the spectrogram of every piece


def cut(sound: Sound, quiet: float, pause: float) -> list[tuple[float, float]]:
    """Start and stop, in seconds, of every loud stretch; it may contain pauses shorter than `pause`."""
    loud = np.flatnonzero(sound.energies() > -quiet)
    breaks = np.flatnonzero(np.diff(loud) > 1 + pause / FRAME)
    starts, stops = loud[np.r_[0, breaks + 1]], loud[np.r_[breaks, len(loud) - 1]] + 1
    pieces = zip((starts * FRAME).tolist(), (stops * FRAME).tolist())
    return [(start, stop) for start, stop in pieces if stop - start >= SHORTEST]


def features(sound: Sound, start: float, stop: float) -> np.ndarray:
    """A piece as one vector: its spectrogram, resampled to a fixed number of frames and centred, and its length."""
    piece = sound.at(RATE)[round(start * RATE) : round(stop * RATE)]
    frames = log_mel(piece, BANDS)
    places = np.linspace(0, len(frames) - 1, ROWS)
    rows = np.stack([np.interp(places, np.arange(len(frames)), band) for band in frames.T])
    return np.append((rows - rows.mean()).ravel(), stop - start)


def recognise(train: Sequence[Sound], words: Sequence[Sequence[str]], test: Sequence[Sound]) -> list[list[dict]]:
    """`{"word", "start", "stop"}` of every piece of each test recording, in seconds.

    Threshold and length of pauses are chosen so that most of some training recordings, spread over all speakers, are
    cut into as many pieces as they have words. The classifier learns from all recordings that are cut so. Its cost is
    chosen by cross-validation.

    Args:
        train, words: recordings and the words spoken in each.
        test: recordings to recognise.
    """
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    step = max(1, len(train) // TRIED)
    tried = list(zip(train[::step], words[::step]))

    def right(choice):
        return sum(len(cut(sound, *choice)) == len(said) for sound, said in tried)

    choice = max(((quiet, pause) for quiet in QUIET for pause in PAUSES), key=right)
    rows, labels = [], []
    for sound, said in zip(train, words):
        pieces = cut(sound, *choice)
        if len(pieces) == len(said):
            rows += [features(sound, *piece) for piece in pieces]
            labels += said
    if len(set(labels)) < 2:  # too few recordings were cut correctly to train a classifier
        most = Counter(word for said in words for word in said).most_common(1)[0][0]
        return [_answer([most] * len(pieces), pieces) for pieces in (cut(sound, *choice) for sound in test)]
    classifier = make_pipeline(StandardScaler(), SVC())
    counts = np.unique(labels, return_counts=True)[1]
    if counts.min() >= 3:
        few = np.random.default_rng(0).permutation(len(rows))[:1500]  # enough to choose the cost
        search = GridSearchCV(classifier, {"svc__C": COSTS}, cv=3).fit(np.array(rows)[few], np.array(labels)[few])
        classifier.set_params(**search.best_params_)
    classifier.fit(rows, labels)
    answers = []
    for sound in test:
        pieces = cut(sound, *choice)
        named = classifier.predict([features(sound, *piece) for piece in pieces]).tolist() if pieces else []
        answers.append(_answer(named, pieces))
    return answers


def _answer(words: Sequence[str], pieces: Sequence[tuple[float, float]]) -> list[dict]:
    return [
        {"word": word, "start": round(start, 2), "stop": round(stop, 2)} for word, (start, stop) in zip(words, pieces)
    ]
