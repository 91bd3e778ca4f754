"""Recordings: read WAV files of any common kind as one channel of 16 bits; trim and join them."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.datasets.paths import check_is_file
from common.errors import UserError, one_line

LONGEST = 600  # seconds; a longer recording has to be cut into utterances first
FRAME = 0.01  # seconds over which the energy of a sound is measured
KINDS = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">"}  # how a WAV file begins, and the order of the bytes in its numbers
UNKNOWN = 0xFFFFFFFF  # a length that stands elsewhere, or of a program that wrote to a pipe
# The exceptions that SciPy raises for damaged files.
DAMAGED = (ValueError, EOFError, struct.error, UnboundLocalError, ZeroDivisionError, TypeError, OverflowError)
PEAK = 32_767  # largest 16-bit sample
CLIPPED = 2.0  # a floating-point peak above which samples are on another scale, not merely a little too loud
FAINT = 2**-10  # -60 dB: what is left of 16-bit values in 32 bits, or of channels that cancel each other out, is lower


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Sound:
    """A recording with one channel.

    Attributes:
        samples: int16 array `(samples,)`.
        rate: samples per second.
    """

    samples: np.ndarray
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def __repr__(self) -> str:
        """Rate, length and a checksum of the samples: two sounds with the same representation are equal."""
        return f"Sound({self.rate} Hz, {self.seconds:.2f} s, {hashlib.sha256(self.samples.tobytes()).hexdigest()[:16]})"

    def at(self, rate: int) -> np.ndarray:
        """The sound at another rate, float32 array `(samples,)` from -1 to 1."""
        from scipy.signal import resample_poly

        samples = self.samples.astype(np.float32) / PEAK
        if rate == self.rate:
            return samples
        shared = np.gcd(rate, self.rate)
        return resample_poly(samples, rate // shared, self.rate // shared).astype(np.float32)

    def energies(self) -> np.ndarray:
        """Energy in decibels relative to the loudest frame (0 or below), float array `(frames,)`; frames last 10 ms."""
        step = max(1, round(FRAME * self.rate))
        whole = np.zeros(-(-len(self.samples) // step) * step)
        whole[: len(self.samples)] = self.samples / PEAK
        power = (whole.reshape(-1, step) ** 2).mean(axis=1) + 1e-10
        return 10 * np.log10(power / power.max())

    def trimmed(self, decibels: float = 35.0) -> Sound:
        """The sound without leading and trailing silence: frames at least `decibels` below the loudest one."""
        loud = np.flatnonzero(self.energies() > -decibels)
        step = max(1, round(FRAME * self.rate))
        return Sound(self.samples[loud[0] * step : (loud[-1] + 1) * step], self.rate)


def joined(sounds: Sequence[Sound], pauses: Sequence[float], random: np.random.Generator) -> Sound:
    """Sounds of one rate in succession, each scaled to the same peak; faint noise fills the pauses.

    Args:
        sounds: at least one.
        pauses: seconds before each sound and after the last; `len(sounds) + 1` values.
        random: draws the noise.
    """
    rate = sounds[0].rate
    parts = [np.zeros(round(pauses[0] * rate))]
    for sound, pause in zip(sounds, pauses[1:], strict=True):
        parts += [0.5 * sound.samples / max(1, np.abs(sound.samples.astype(int)).max()), np.zeros(round(pause * rate))]
    whole = np.concatenate(parts)
    whole += random.normal(0, 5e-4, len(whole))
    return Sound((whole * PEAK).astype(np.int16), rate)


def read_wav(path: Path) -> Sound:
    """Read a WAV file of 8, 16, 24, 32 or 64 bits or floating point.

    Several channels are averaged; where they cancel each other out, the loudest one is kept.

    Raises:
        UserError: if the file is missing, damaged or not a WAV file, if its sound is empty or too long, or if its
            samples are on another scale than their type: 16-bit values in 32 bits or in floating point.
    """
    from scipy.io import wavfile

    check_is_file(path, "WAV file")
    try:
        _check_chunks(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # parts of the file that hold no sound
            rate, samples = wavfile.read(path)
    except (*DAMAGED, OSError) as error:
        unclear = isinstance(error, (UnboundLocalError, struct.error))
        cause = "its header is damaged or cut off" if unclear else one_line(error)
        raise UserError(f"{path} is not a whole WAV file ({cause}): save it as WAV, 16 bits PCM.") from error
    if not len(samples) or rate <= 0:
        raise UserError(f"{path} holds no sound.")
    if len(samples) > LONGEST * rate:
        raise UserError(
            f"{path} lasts {len(samples) / rate:,.0f} s, at most {LONGEST} are read: cut it into utterances."
        )
    samples = _one_channel(_scaled(path, samples))
    return Sound((np.clip(samples, -1, 1) * PEAK).round().astype(np.int16), rate)


def _check_chunks(path: Path) -> None:
    """Raise a ValueError for a truncated file, which SciPy would read, and for what it refuses without the cause."""
    with path.open("rb") as file:
        if (order := KINDS.get(kind := file.read(4))) is None:
            raise ValueError(f"it begins with {kind!r}, not with RIFF")
        length, form = struct.unpack(f"{order}I4s", file.read(8))
        if form != b"WAVE":
            raise ValueError(f"it is {form!r} by its header, not WAVE")
        place, end, size = 12, length + 8, path.stat().st_size
        while place + 8 <= size:
            file.seek(place)
            name, length = struct.unpack(f"{order}4sI", file.read(8))
            follow = size - place - 8
            if name == b"data" and length != UNKNOWN:
                if length > follow:
                    raise ValueError(f"it ends after {follow:,} of {length:,} bytes of sound")
                if follow and (length == 0 or place >= end):
                    raise ValueError("its header gives too small a length, as of a program that writes to a pipe")
            if name == b"data":
                return
            place += 8 + length + length % 2
        raise ValueError("it ends before the sound: it has no chunk 'data'")


def _scaled(path: Path, samples: np.ndarray) -> np.ndarray:
    """Samples of any type as float64 from -1 to 1; SciPy gives 24 bits as the upper part of 32."""
    if samples.dtype == np.uint8:
        return (samples.astype(float) - 128) / 128
    with np.errstate(invalid="ignore"):  # of what is no number, and refused as such
        scaled = samples / np.iinfo(samples.dtype).max if samples.dtype.kind == "i" else samples.astype(float)
    if not np.isfinite(scaled).all():
        raise UserError(f"{path} holds samples that are not numbers: save it as WAV, 16 bits PCM.")
    peak = np.abs(scaled).max()
    if peak > CLIPPED:
        raise UserError(
            f"{path} holds samples up to {peak:,.0f}, but floating point goes from -1 to 1: "
            f"divide them by full scale, which is {PEAK + 1:,} for 16 bits."
        )
    if 0 < peak < FAINT and samples.dtype.itemsize > 2:
        raise UserError(
            f"{path} peaks at {100 * peak:.1g} % of full scale: scale it up, or save 16-bit values as WAV, 16 bits PCM."
        )
    return scaled


def _one_channel(samples: np.ndarray) -> np.ndarray:
    """The mean of the channels, or the loudest one if they cancel each other out, as those of a balanced line do."""
    if samples.ndim == 1:
        return samples
    mean, peaks = samples.mean(axis=1), np.abs(samples).max(axis=0)
    return samples[:, peaks.argmax()] if np.abs(mean).max() < FAINT * peaks.max() else mean


def write_wav(path: Path, sound: Sound) -> None:
    """Write a sound as WAV, 16 bits PCM; the file appears whole or not at all."""
    from scipy.io import wavfile

    from common import files

    with files.written(path) as part, part.open("wb") as file:
        wavfile.write(file, sound.rate, sound.samples)
