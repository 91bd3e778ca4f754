"""Spectrograms: a tone is in its band, loudness is additive, warping moves the bands."""

import numpy as np
import pytest

from common.encoding import spectrogram


def tone(frequency, seconds=0.5):
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * spectrogram.RATE)) / spectrogram.RATE)


def test_a_tone_is_in_the_band_around_its_frequency():
    edges = 700 * (10 ** (np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 4000 / 700), 42) / 2595) - 1)
    for frequency in (300, 1000, 2500):
        bands = spectrogram.log_mel(tone(frequency)).argmax(axis=1)
        nearest = np.abs(edges[1:-1] - frequency).argmin()
        assert np.all(np.abs(bands - nearest) <= 1)


def test_ten_times_the_power_is_one_more():
    quiet, loud = (spectrogram.log_mel(scale * tone(1000)) for scale in (0.1, 0.1 * 10**0.5))
    assert loud.max() - quiet.max() == pytest.approx(1, abs=1e-4)


def test_a_frame_every_10_ms_and_one_at_least():
    assert spectrogram.log_mel(tone(500, 0.5)).shape == (1 + (4000 - 200) // 80, 40)
    assert spectrogram.log_mel(np.zeros(3), 20).shape == (1, 20)
    assert np.isfinite(spectrogram.log_mel(np.zeros(1000))).all()


def test_every_band_has_a_filter():
    for bands in (10, 40, 80):
        assert (spectrogram.mel_filters(bands, 256, 8000).sum(axis=1) > 0).all()


def test_stacking_keeps_every_frame():
    frames = np.arange(10.0).reshape(5, 2)
    assert spectrogram.stacked(frames, 2).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 8, 9]]
    assert spectrogram.stacked(frames, 1).tolist() == frames.tolist()


def test_warping_moves_bands_and_leaves_a_factor_of_one_alone():
    frames = np.zeros((2, 3, 2, 20), np.float32)
    frames[..., 10] = 1
    warped = spectrogram.warped(frames, np.array([1.0, 0.8]))
    np.testing.assert_array_equal(warped[0], frames[0])
    assert warped[1, 0, 0].argmax() in (12, 13)  # band 12.5 looks at band 10


def test_stretching_keeps_the_ends_and_the_padding():
    frames = np.zeros((4, 12, 2), np.float32)
    frames[:3, :8] = np.arange(8)[:, None]
    changed, lengths = spectrogram.stretched(frames, np.array([8, 8, 8, 0]), np.array([1.0, 0.5, 2.0, 1.5]), 2)
    assert lengths.tolist() == [8, 4, 12, 0]  # not longer than the array
    np.testing.assert_array_equal(changed[0], frames[0])
    np.testing.assert_allclose(changed[1, :4, 0], np.arange(4) * 7 / 3, rtol=1e-6)
    np.testing.assert_allclose(changed[2, :, 1], np.arange(12) * 7 / 11, rtol=1e-6)
    assert changed.dtype == np.float32 and not changed[1, 4:].any() and not changed[3].any()


def test_augmenting_depends_on_the_generator_alone():
    frames = np.random.default_rng(0).normal(size=(4, 6, 80)).astype(np.float32)
    one, same, other = (spectrogram.augmented(np.random.default_rng(s), frames, 40, 0.1, 0.4, 0.2) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert one.shape == frames.shape and one.dtype == np.float32 and not np.array_equal(one, other)


def test_augmenting_makes_bands_of_a_whole_recording_louder_or_quieter():
    frames = np.ones((3, 5, 80), np.float32)  # two frames of 40 bands per timestep
    changed = spectrogram.augmented(np.random.default_rng(0), frames, 40, warp=0, colour=0.4, noise=0)
    changed = changed.reshape(3, 10, 40)
    assert (changed == changed[:, :1]).all()  # at all times alike
    assert (changed.std(axis=2) > 0.1).all() and not np.array_equal(changed[0], changed[1])
