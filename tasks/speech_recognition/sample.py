"""The embedded sample: strings of three to seven digits, spoken by a small formant synthesiser with many voices.

A voice is a source and a filter (Fant 1960): pulses of the vocal folds or noise, and resonances of the vocal tract, the
formants, which move from sound to sound. Voices differ in pitch, in the length of the vocal tract (which scales all
formants), in tempo and in breathiness. Digits follow each other with a short pause or none, so that they run together.
"""

from __future__ import annotations

import functools

import numpy as np

from common.datasets.sounds import PEAK, Sound
from common.datasets.splits import Splits

RATE = 8_000  # samples per second
FRAME = 40  # samples over which the vocal tract is constant, 5 ms
VOICES = {"train": 24, "validation": 6, "test": 12}
STRINGS = {"train": 18, "validation": 10, "test": 10}  # of each voice
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# A sound: milliseconds, three formants in Hertz (of a man, after Peterson and Barney 1952), strength of the voice, and
# strength and centre frequency of noise. Diphthongs are two sounds.
SOUNDS = {
    "a": (90, (730, 1090, 2440), 1.0, 0.0, 0),
    "e": (80, (530, 1840, 2480), 1.0, 0.0, 0),
    "i": (70, (390, 1990, 2550), 1.0, 0.0, 0),
    "ii": (110, (270, 2290, 3010), 1.0, 0.0, 0),
    "o": (90, (570, 840, 2410), 1.0, 0.0, 0),
    "u": (60, (440, 1020, 2240), 1.0, 0.0, 0),
    "uu": (110, (300, 870, 2240), 1.0, 0.0, 0),
    "uh": (90, (640, 1190, 2390), 1.0, 0.0, 0),
    "r": (70, (420, 1300, 1600), 0.8, 0.0, 0),
    "w": (60, (290, 610, 2150), 0.7, 0.0, 0),
    "n": (80, (250, 1300, 2200), 0.4, 0.0, 0),
    "v": (50, (300, 1100, 2200), 0.3, 0.05, 3000),
    "z": (80, (280, 1600, 2500), 0.3, 0.25, 3600),
    "s": (100, (280, 1600, 2500), 0.0, 0.45, 3700),
    "f": (90, (300, 1100, 2200), 0.0, 0.15, 3000),
    "th": (70, (300, 1400, 2400), 0.0, 0.10, 2600),
    "closed": (50, (250, 1500, 2400), 0.0, 0.0, 0),
    "t": (25, (300, 1700, 2600), 0.0, 0.50, 3300),
    "k": (30, (300, 1900, 2500), 0.0, 0.40, 1900),
}
SPELLED = {
    "zero": "z ii r o u",
    "one": "w uh n",
    "two": "t uu",
    "three": "th r ii",
    "four": "f o o r",
    "five": "f a i v",
    "six": "s i closed k s",
    "seven": "s e v uh n",
    "eight": "e i closed t",
    "nine": "n a i n",
}


@functools.cache
def load() -> Splits:
    """`(sound, text, name, voice)` of every string; no voice is in two splits."""
    random = np.random.default_rng(12)
    plan = []  # of every string: split, voice, digits
    for split, count in VOICES.items():
        for number in range(count):
            voice = _voice(random, f"{split} {number + 1}")
            strings = [random.integers(0, 10, random.integers(3, 8)) for _ in range(STRINGS[split])]
            plan += [(split, voice, digits) for digits in strings]
    spoken = iter(_speak([(voice, DIGITS[digit]) for _, voice, digits in plan for digit in digits], random))
    splits = {split: [] for split in VOICES}
    for split, voice, digits in plan:
        sound = _string([next(spoken) for _ in digits], voice, random)
        name = f"voice {voice['name']}, string {len(splits[split]) + 1}"
        splits[split].append((sound, " ".join(DIGITS[digit] for digit in digits), name, f"voice {voice['name']}"))
    return Splits(*splits.values())


def _voice(random: np.random.Generator, name: str) -> dict:
    tract = random.uniform(0.95, 1.25)  # formants relative to those of a man: a child's are a quarter higher
    pitch = 110 * (tract / 0.95) ** 3 * random.uniform(0.8, 1.2)  # Hertz; shorter vocal tracts mostly have higher pitch
    return {
        "name": name,
        "tract": tract * random.uniform(0.97, 1.03, 3),  # of each formant
        "pitch": pitch,
        "tempo": random.uniform(0.75, 1.3),
        "breath": random.uniform(0.01, 0.06),
        "noise": 10 ** random.uniform(-2.4, -1.3),  # of the room, relative to the peak of the voice
    }


def _speak(wanted: list[tuple[dict, str]], random: np.random.Generator) -> list[np.ndarray]:
    """Every wanted digit as float samples, all computed in parallel."""
    tracks = [_tracks(voice, digit, random) for voice, digit in wanted]
    longest, count = max(map(len, tracks)), len(tracks)
    mouth = np.zeros((longest, 7, count), np.float32)  # time first: three formants, voice, hiss, its middle, pitch
    for number, track in enumerate(tracks):
        mouth[: len(track), :, number] = track
        mouth[len(track) :, :3, number] = track[-1, :3]
        mouth[len(track) :, 5, number] = 1000
    breath = np.array([voice["breath"] for voice, _ in wanted], np.float32)
    samples = longest * FRAME
    phase = np.cumsum(np.repeat(mouth[:, 6], FRAME, axis=0) / RATE, axis=0)
    pulses = np.diff(np.floor(phase), axis=0, prepend=0).astype(np.float32)
    noise = random.standard_normal((samples, count), np.float32)  # all arrays are float32: they are large
    source = np.repeat(mouth[:, 3], FRAME, axis=0) * (4 * pulses + breath * noise)
    hiss = np.repeat(mouth[:, 4], FRAME, axis=0) * noise
    voiced = source
    for formant, width in zip(range(3), (70, 100, 150)):
        voiced = _resonance(voiced, mouth[:, formant], width)
    whole = voiced + 0.3 * _resonance(hiss, mouth[:, 5], 900)
    return [whole[: len(track) * FRAME, number] for number, track in enumerate(tracks)]


def _tracks(voice: dict, digit: str, random: np.random.Generator) -> np.ndarray:
    """Parameters of the synthesiser in each frame of a digit, float array `(frames, 7)`, interpolated linearly."""
    tempo = voice["tempo"] * random.uniform(0.85, 1.15)
    ends, targets = [0.0], []
    for name in SPELLED[digit].split():
        length, formants, loud, hiss, middle = SOUNDS[name]
        shifted = np.array(formants) * voice["tract"] * random.normal(1, 0.03, 3)
        targets.append([*np.minimum(shifted, 3800), loud, hiss, min(middle * voice["tract"][2], 3800) or 1000])
        ends.append(ends[-1] + length / tempo * random.uniform(0.8, 1.2))
    middles = (np.array(ends[:-1]) + ends[1:]) / 2
    times = np.arange(0, ends[-1], 1000 * FRAME / RATE)
    track = np.stack([np.interp(times, middles, column) for column in np.transpose(targets)], axis=1)
    edge = np.minimum(1, np.minimum(times + 5, ends[-1] - times) / 25)  # begins and ends softly, in milliseconds
    track[:, 3:5] *= edge[:, None]
    pitch = voice["pitch"] * random.uniform(0.92, 1.08) * np.linspace(1.06, 0.92, len(times))
    return np.column_stack([track, pitch])


def _resonance(source: np.ndarray, frequencies: np.ndarray, width: float) -> np.ndarray:
    """The source `(samples, count)` filtered by a two-pole resonator; frequencies `(frames, count)` in Hertz."""
    radius = np.float32(np.exp(-np.pi * width / RATE))
    turns = (2 * radius * np.cos(2 * np.pi * frequencies / RATE)).astype(np.float32)
    gains = (1 - turns + radius**2).astype(np.float32)  # 1 at frequency 0
    output = np.empty_like(source)
    one = two = np.zeros(source.shape[1], np.float32)
    for frame, (turn, gain) in enumerate(zip(turns, gains)):
        for sample in range(frame * FRAME, (frame + 1) * FRAME):
            output[sample] = gain * source[sample] + turn * one - radius**2 * two
            two, one = one, output[sample]
    return output


def _string(digits: list[np.ndarray], voice: dict, random: np.random.Generator) -> Sound:
    """Successive digits, which sometimes overlap, with the noise of the room."""
    starts, end = [], random.uniform(0.05, 0.2)
    for digit in digits:
        starts.append(end)
        end += len(digit) / RATE + random.choice([random.uniform(-0.04, 0.0), random.uniform(0.0, 0.12)])
    whole = np.zeros(round((end + 0.3) * RATE))
    for start, digit in zip(starts, digits):
        place = round(start * RATE)
        whole[place : place + len(digit)] += digit / np.sqrt(np.mean(digit**2)) * random.uniform(0.7, 1.0)
    whole /= np.abs(whole).max()
    whole += random.normal(0, voice["noise"], len(whole))
    return Sound((whole / np.abs(whole).max() * random.uniform(0.2, 0.9) * PEAK).astype(np.int16), RATE)
