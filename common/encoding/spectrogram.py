"""Log-mel spectrograms of sounds: the logarithm of the energy over time, in bands spaced on the mel scale."""

from __future__ import annotations

import functools

import numpy as np

from common.datasets.sounds import Sound

RATE = 8_000  # samples per second to which all sounds are resampled, the rate of telephones
WINDOW = 0.025  # seconds covered by one frame
STEP = 0.010  # seconds from one frame to the next
LOWEST = 60.0  # Hertz, where the first band begins
AUDIBLE = 35.0  # decibels below the loudest part of a recording; quieter parts are cut off by `levelled`
RANGE = 80.0  # decibels below the loudest band of the sound; quieter values are clipped


def log_mel(samples: np.ndarray, bands: int = 40, rate: int = RATE) -> np.ndarray:
    """The log-mel spectrogram of a sound (Davis and Mermelstein 1980, without the cosine transform).

    Args:
        samples: float array `(samples,)`.
        bands: number of bands, equally wide on the mel scale.
        rate: samples per second.

    Returns:
        float32 array `(frames, bands)` in units of 10 decibels, at least one frame; a sound shorter than a window is
        padded with silence.

    Example:
        >>> tone = np.sin(2 * np.pi * 1000 * np.arange(800) / 8000)
        >>> log_mel(tone, bands=10).shape, int(log_mel(tone, bands=10)[0].argmax())
        ((8, 10), 4)
    """
    length, step = round(WINDOW * rate), round(STEP * rate)
    samples = np.pad(samples, (0, max(0, length - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[::step] * np.hanning(length)
    size = 1 << (length - 1).bit_length()
    power = np.abs(np.fft.rfft(frames, size)) ** 2 / length
    energy = power @ mel_filters(bands, size, rate).T
    floor = max(energy.max() * 10 ** (-RANGE / 10), 1e-12)
    return np.log10(np.maximum(energy, floor)).astype(np.float32)


def levelled(sound: Sound, bands: int) -> np.ndarray:
    """`log_mel` relative to its loudest fiftieth, without what is more than `AUDIBLE` decibels below that.

    So loudness, the noise of the room and the amount of silence, which differ between speakers, do not count. The mean
    of each band differs between voices as well, but in a recording of one word it also depends on the vowel.
    """
    frames = log_mel(sound.at(RATE), bands)
    return np.maximum(frames - np.quantile(frames, 0.98), -AUDIBLE / 10)


@functools.cache
def mel_filters(bands: int, size: int, rate: int) -> np.ndarray:
    """Triangular filters that sum the power of a Fourier transform into bands, float array `(bands, size // 2 + 1)`."""
    top = 2595 * np.log10(1 + rate / 2 / 700)  # the mel scale of O'Shaughnessy (1987)
    bottom = 2595 * np.log10(1 + LOWEST / 700)
    edges = 700 * (10 ** (np.linspace(bottom, top, bands + 2) / 2595) - 1)  # Hertz
    frequencies = np.arange(size // 2 + 1) * rate / size
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    empty = np.flatnonzero(filters.sum(axis=1) == 0)  # a low band may lie between two frequencies of the transform
    middles = edges[1:-1][empty]
    filters[empty, np.abs(frequencies - middles[:, None]).argmin(axis=1) if len(empty) else []] = 1
    return filters


def stacked(frames: np.ndarray, count: int) -> np.ndarray:
    """Stack every `count` frames into a timestep, `(ceil(frames / count), count * bands)`, repeating the last frame."""
    missing = -len(frames) % count
    whole = np.concatenate([frames, np.repeat(frames[-1:], missing, axis=0)]) if missing else frames
    return whole.reshape(-1, count * frames.shape[1])


def warped(frames: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Simulate other speakers by stretching the frequency axis of spectrograms.

    A shorter vocal tract moves all its resonances up (vocal tract length perturbation: Jaitly and Hinton 2013).

    Args:
        frames: float array `(batch, timesteps, frames per timestep, bands)`.
        factors: float array `(batch,)`; band b is taken from band b times the factor, interpolated linearly.
    """
    bands = frames.shape[-1]
    places = np.clip(np.arange(bands) * factors[:, None], 0, bands - 1)  # (batch, bands)
    weights = np.maximum(0, 1 - np.abs(places[:, None, :] - np.arange(bands)[:, None]))  # (batch, from, to)
    flat = frames.reshape(len(frames), -1, bands)
    return np.matmul(flat, weights.astype(frames.dtype)).reshape(frames.shape)


def stretched(stacks: np.ndarray, steps: np.ndarray, factors: np.ndarray, bands: int) -> tuple[np.ndarray, np.ndarray]:
    """Simulate slower and faster speech by stretching the time axis of spectrograms, interpolated linearly.

    Args:
        stacks: float array `(batch, timesteps, frames per timestep * bands)`, padded on the right.
        steps: int array `(batch,)`, timesteps before the padding.
        factors: float array `(batch,)`, how many times as long each becomes; at most as long as the padded array.

    Returns:
        Array of the same shape, 0 at padding, and the new numbers of timesteps.
    """
    each = stacks.shape[2] // bands  # frames per timestep
    frames, lengths = stacks.reshape(len(stacks), -1, bands), steps * each
    count = frames.shape[1]
    after = np.clip(np.round(lengths * factors).astype(int), np.minimum(lengths, 1), count)
    numbers, last = np.arange(count), np.maximum(lengths - 1, 0)
    places = np.minimum(numbers * (last / np.maximum(after - 1, 1))[:, None], last[:, None])
    before = places.astype(int)
    share = (places - before).astype(frames.dtype)[:, :, None]
    rows = np.arange(len(frames))[:, None]
    changed = frames[rows, before] * (1 - share) + frames[rows, np.minimum(before + 1, count - 1)] * share
    return np.where((numbers < after[:, None])[:, :, None], changed, 0).reshape(stacks.shape), -(-after // each)


def augmented(
    random: np.random.Generator, frames: np.ndarray, bands: int, warp: float, colour: float, noise: float
) -> np.ndarray:
    """Augment spectrograms as if another person had spoken in another room.

    Each is warped by a factor of its own, some bands become louder and others quieter, as in another voice or
    microphone, some neighbouring bands are masked (SpecAugment: Park and others 2019), and noise is added.

    Args:
        frames: float array `(batch, timesteps, frames per timestep * bands)`; 0 is the mean.
        warp: the factor is drawn from `1 - warp` to `1 + warp`.
        colour: standard deviation of each of the four cosines over the bands by which their levels change.
        noise: standard deviation of the noise.
    """
    shape = (*frames.shape[:2], frames.shape[2] // bands, bands)
    changed = warped(frames.reshape(shape), random.uniform(1 - warp, 1 + warp, len(frames)))
    cosines = np.cos(np.pi * np.arange(4)[:, None] * np.arange(bands) / bands)  # smooth over the bands
    changed = changed + (colour * random.standard_normal((len(frames), 4)) @ cosines)[:, None, None, :]
    widths = random.integers(0, bands // 5 + 1, len(frames))
    starts = random.integers(0, bands - widths + 1)
    numbers = np.arange(bands)
    hidden = (numbers >= starts[:, None]) & (numbers < (starts + widths)[:, None])  # (batch, bands)
    changed = np.where(hidden[:, None, None, :], 0, changed)
    changed = changed + noise * random.standard_normal(shape, np.float32)
    return changed.reshape(frames.shape).astype(np.float32)
