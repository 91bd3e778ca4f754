"""Clips of drawn figures that walk, run, wave, jump, swing an arm round, sit down or stand up, in pixels of 32 x 32.

Every figure has its own proportions, size, brightness and position in the picture, and starts at a random phase of its
movement. Swinging an arm forwards and backwards are the same frames in opposite order, as are sitting down and standing
up, so that a set of frames does not determine the activity. Figures walk and run on the spot. Noise is added to all
frames. No figure of test occurs in train.
"""

from __future__ import annotations

import numpy as np

from common.datasets.splits import Splits

from .reader import SIDE, Raw, lines_drawn

ACTIONS = ("walk", "run", "wave", "jump", "swing forwards", "swing backwards", "sit down", "stand up")
FIGURES = {"train": 44, "validation": 8, "test": 24}  # each performs every activity twice
FRAMES = (16, 28)  # frames of a clip, minimum and maximum
SECOND = 12  # frames per second


def load(seed: int = 0) -> Splits:
    """`Raw` clips of different figures in train, validation and test."""
    random = np.random.default_rng(seed)
    splits, figure = [], 0
    for count in FIGURES.values():
        clips = []
        for _ in range(count):
            figure += 1
            body = _body(random)
            for action in ACTIONS:
                for take in (1, 2):
                    frames = _clip(action, body, random)
                    clips.append(Raw(frames, f"figure {figure}, {action}, take {take}", action, f"figure {figure}"))
        random.shuffle(clips)
        splits.append(clips)
    return Splits(*splits)


def _body(random: np.random.Generator) -> dict[str, float]:
    """Lengths in shares of the height, and how the figure moves."""
    return {
        "height": random.uniform(17, 25),  # pixels
        "leg": random.uniform(0.44, 0.52),
        "arm": random.uniform(0.34, 0.44),
        "head": random.uniform(0.05, 0.08),
        "pace": random.uniform(0.85, 1.15),
        "swing": random.uniform(0.8, 1.2),
        "thickness": random.uniform(0.5, 1.1),
        "brightness": random.uniform(150, 255),
    }


def _clip(action: str, body: dict[str, float], random: np.random.Generator) -> np.ndarray:
    """uint8 `(frames, SIDE, SIDE)`."""
    count = int(random.integers(FRAMES[0], FRAMES[1] + 1))
    seconds = np.arange(count) / SECOND
    pose = _pose(action, body, seconds, random)
    limbs = _limbs(body, pose)
    room = SIDE - 2 - np.ptp(limbs[..., 0])
    middle = (limbs[..., 0].max() + limbs[..., 0].min()) / 2
    limbs[..., 0] += SIDE / 2 - middle + random.uniform(-0.5, 0.5) * max(room, 0)
    limbs[..., 1] = SIDE - 2 - random.uniform(0, 3) - limbs[..., 1]  # heights, to pixels from the top
    frames = lines_drawn(limbs, body["thickness"], round(body["brightness"]))
    noisy = frames + random.normal(0, 18, frames.shape).astype(np.float32)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _pose(action: str, body: dict[str, float], seconds: np.ndarray, random: np.random.Generator) -> dict:
    """Angles in radians at each moment, 0 for hanging straight down and positive forwards; and the position of the hip.

    `thighs`, `knees`, `arms`, `elbows`: `(moments, 2)`; `lean`, `bend` (0 standing to 1 sitting), `lift`, `place`:
    `(moments,)`.
    """
    zeros = np.zeros(len(seconds))
    phase = random.uniform(0, 2 * np.pi)
    pose = {"lean": zeros + random.normal(0, 0.04), "bend": zeros, "lift": zeros, "place": zeros}
    still = np.stack([zeros, zeros], axis=1)
    pose |= {"thighs": still, "knees": still, "arms": still + random.normal(0.1, 0.05, 2), "elbows": still + 0.1}
    if action in ("walk", "run"):
        runs = action == "run"
        turns = body["pace"] * (1.55 if runs else 1.05) * random.uniform(0.9, 1.1)
        cycle = phase + 2 * np.pi * turns * seconds[:, None] + np.array([0, np.pi])  # left and right
        reach = (0.65 if runs else 0.5) * body["swing"]
        pose["thighs"] = reach * np.sin(cycle)
        pose["knees"] = -(0.65 if runs else 0.45) * (1 + np.sin(cycle - np.pi / 2))
        pose["arms"], pose["elbows"] = -reach * np.sin(cycle), still + (0.9 if runs else 0.4)
        pose["lift"] = (0.03 if runs else 0.015) * np.abs(np.sin(cycle[:, 0]))
        pose["place"] = seconds * random.uniform(-2, 2)
        pose["lean"] = pose["lean"] - (0.12 if runs else 0.05)
    elif action == "wave":
        hand = int(random.integers(2))
        pose["arms"], pose["elbows"] = pose["arms"].copy(), pose["elbows"].copy()
        pose["arms"][:, hand] = random.uniform(2.0, 2.6)
        pose["elbows"][:, hand] = 0.5 + 0.6 * np.sin(phase + 2 * np.pi * body["pace"] * 1.5 * seconds)
    elif action.startswith("swing"):
        turns = body["pace"] * random.uniform(0.9, 1.3) * (1 if action == "swing forwards" else -1)
        pose["arms"], pose["elbows"] = pose["arms"].copy(), still
        pose["arms"][:, int(random.integers(2))] = phase + 2 * np.pi * turns * seconds
    elif action == "jump":
        beat = np.sin(phase + 2 * np.pi * body["pace"] * 1.1 * seconds)
        pose["lift"] = 0.2 * body["swing"] * np.maximum(beat, 0)
        pose["bend"] = 0.45 * np.maximum(-beat, 0)
        pose["arms"] = 0.2 + 0.9 * np.stack([beat, beat], axis=1) * random.uniform(0.2, 1)
    else:
        begin, length = random.uniform(0.1, 0.45) * seconds[-1], random.uniform(0.5, 0.9)
        done = np.clip((seconds - begin) / length, 0, 1)
        done = 3 * done**2 - 2 * done**3
        pose["bend"] = done if action == "sit down" else 1 - done
        pose["lean"] = pose["lean"] - 0.5 * np.sin(np.pi * done)
    return pose


def _limbs(body: dict[str, float], pose: dict) -> np.ndarray:
    """Both ends of every limb, `(moments, limbs, 2, 2)`: x forwards and height above the floor, in pixels."""
    half_leg, half_arm = body["leg"] / 2, body["arm"] / 2
    thighs = pose["thighs"] + 1.5 * pose["bend"][:, None]  # a sitting thigh is level
    knees = pose["knees"] - 1.5 * pose["bend"][:, None]

    def reach(angle, length):
        return np.stack([np.sin(angle) * length, -np.cos(angle) * length], axis=-1)

    knee = reach(thighs, half_leg)  # from the hip, (moments, 2 legs, 2)
    foot = knee + reach(thighs + knees, half_leg)
    lowest = foot[..., 1].min(axis=1)
    hip = np.stack([pose["place"] / body["height"], pose["lift"] - lowest], axis=-1)  # (moments, 2)
    up = np.stack([-np.sin(pose["lean"]), np.cos(pose["lean"])], axis=-1)
    trunk = 1 - body["leg"] - 2 * body["head"] - 0.03
    neck = hip + trunk * up
    chin, crown = neck + 0.03 * up, neck + (0.03 + 2 * body["head"]) * up
    elbow = neck[:, None] + reach(pose["arms"], half_arm)
    hand = elbow + reach(pose["arms"] + pose["elbows"], half_arm)
    knee, foot = hip[:, None] + knee, hip[:, None] + foot
    pairs = [(hip, neck), (neck, chin), (chin, crown)]
    side = np.stack([-up[:, 1], up[:, 0]], axis=-1) * body["head"]  # the head is a ring of four lines
    middle = (chin + crown) / 2
    pairs += [(chin, middle + side), (middle + side, crown), (crown, middle - side), (middle - side, chin)]
    for i in range(2):
        pairs += [(hip, knee[:, i]), (knee[:, i], foot[:, i]), (neck, elbow[:, i]), (elbow[:, i], hand[:, i])]
    limbs = np.stack([np.stack(pair, axis=1) for pair in pairs], axis=1)
    return limbs * body["height"]
