"""WAV files of every kind come out as one channel of 16 bits; damaged ones are refused by name."""

import numpy as np
import pytest
from scipy.io import wavfile

from common.datasets.sounds import LONGEST, Sound, joined, read_wav, write_wav
from common.errors import UserError

RATE = 8000


def tone(seconds=0.2, frequency=440, level=0.5):
    return level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize(
    "stored",
    [
        lambda x: (x * 32767).astype(np.int16),
        lambda x: (x * (2**31 - 1)).astype(np.int32),
        lambda x: (x * 127 + 128).round().astype(np.uint8),
        lambda x: x.astype(np.float32),
        lambda x: x,
        lambda x: np.stack([x, x], axis=1).astype(np.float32),
    ],
    ids=["16 bits", "32 bits", "8 bits", "float32", "float64", "stereo"],
)
def test_every_kind_of_wav_gives_the_same_sound(tmp_path, stored):
    wavfile.write(tmp_path / "a.wav", RATE, stored(tone()))
    sound = read_wav(tmp_path / "a.wav")
    assert sound.samples.dtype == np.int16 and sound.rate == RATE and sound.seconds == pytest.approx(0.2)
    np.testing.assert_allclose(sound.at(RATE), tone(), atol=0.01)


@pytest.mark.filterwarnings("error")
def test_samples_that_are_no_numbers_are_refused_without_a_warning(tmp_path):
    wavfile.write(tmp_path / "a.wav", RATE, np.float32([0, 0.5, 0]))
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:-4] + bytes.fromhex("010080ff"))  # a signalling NaN
    with pytest.raises(UserError, match="samples that are not numbers"):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("dtype", "level", "problem"),
    [
        (np.int32, 32767, r"peaks at 0\.0008 % of full scale: scale it up, or save 16-bit values as WAV, 16 bits"),
        (np.int64, 32767, r"peaks at \S+ % of full scale"),
        (np.float32, 1e-4, r"peaks at 0\.005 % of full scale"),
        (np.float32, 32767, "samples up to 16,384, but floating point goes from -1 to 1: divide .* 32,768 for 16 bits"),
    ],
)
def test_samples_on_another_scale_are_refused(tmp_path, dtype, level, problem):
    """Rounded to 16 bits they would be silence, or a square wave."""
    wavfile.write(tmp_path / "a.wav", RATE, (tone() * level).astype(dtype))
    with pytest.raises(UserError, match=rf"a\.wav .*{problem}"):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize("dtype", ["<i2", ">i2"])
def test_a_faint_recording_of_16_bits_is_kept_as_it_is(tmp_path, dtype):
    faint = (tone(level=1) * 10).round().astype(dtype)
    wavfile.write(tmp_path / "a.wav", RATE, faint)
    assert np.array_equal(read_wav(tmp_path / "a.wav").samples, faint)


def test_channels_that_cancel_each_other_out_are_not_silence(tmp_path):
    one = (tone() * 32767).astype(np.int16)
    wavfile.write(tmp_path / "a.wav", RATE, np.stack([0 * one, one, -one], axis=1))
    assert np.array_equal(read_wav(tmp_path / "a.wav").samples, one)


def test_24_bits(tmp_path):
    """SciPy reads them but does not write them: the header is changed by hand."""
    values = (tone() * (2**23 - 1)).astype(np.int32)
    data = b"".join(int(value).to_bytes(3, "little", signed=True) for value in values)
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + (1).to_bytes(2, "little")
    head += RATE.to_bytes(4, "little") + (3 * RATE).to_bytes(4, "little") + b"\x03\0\x18\0"
    body = head + b"data" + len(data).to_bytes(4, "little") + data
    (tmp_path / "a.wav").write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    np.testing.assert_allclose(read_wav(tmp_path / "a.wav").at(RATE), tone(), atol=1e-3)


def test_writing_and_reading_again(tmp_path):
    sound = Sound((tone() * 32767).astype(np.int16), RATE)
    write_wav(tmp_path / "a.wav", sound)
    assert repr(read_wav(tmp_path / "a.wav")) == repr(sound)
    louder = Sound(sound.samples + 1, RATE)
    assert repr(louder) != repr(sound)


def test_another_rate():
    sound = Sound((tone(0.5) * 32767).astype(np.int16), RATE)
    faster = sound.at(16_000)
    assert len(faster) == 2 * len(sound.samples)
    spectrum = np.abs(np.fft.rfft(faster))
    assert np.argmax(spectrum) / 0.5 == pytest.approx(440, abs=2)


def wav(path, samples, rate=RATE):
    wavfile.write(path, rate, samples)


def changed(path, place, content, dtype="<i2"):
    """A WAV file of 1,600 samples with a few bytes replaced."""
    wavfile.write(path, RATE, (tone() * 32767).astype(dtype))
    whole = bytearray(path.read_bytes())
    whole[place] = content
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda path: None, "There is no WAV file"),
        (lambda path: path.write_bytes(b"ID3 this is MP3"), "not a whole WAV file"),
        (lambda path: path.write_bytes(b""), "not a whole WAV file"),
        (lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt "), "not a whole WAV file"),
        (lambda path: path.write_bytes(b"RIFF\0\0"), "its header is damaged or cut off"),
        (lambda path: path.write_bytes(b"RIFF\0\0\0\0WAVE"), "it has no chunk 'data'"),
        (lambda path: path.write_bytes(b"RIFF\0\0\0\0AVI "), "it is b'AVI ' by its header, not WAVE"),
        (lambda path: path.write_bytes(b"OggS\0\0\0\0"), "it begins with b'OggS', not with RIFF"),
        (lambda path: changed(path, slice(4, 8), bytes(4)), "its header gives too small a length"),
        (lambda path: changed(path, slice(40, 44), bytes(4)), "its header gives too small a length"),
        (lambda path: changed(path, slice(20, 22), b"\7\0"), "Unknown wave file format: MULAW"),
        (lambda path: changed(path, slice(-200, None), b""), "it ends after 3,000 of 3,200 bytes of sound"),
        (lambda path: changed(path, slice(-200, None), b"", ">i2"), "it ends after 3,000 of 3,200 bytes of sound"),
        (lambda path: wav(path, np.zeros(0, np.int16)), "holds no sound"),
        (lambda path: wav(path, np.full(100, np.nan, np.float32)), "not numbers"),
        (lambda path: wav(path, np.zeros(10 * (LONGEST + 1), np.int16), 10), "cut it into utterances"),
    ],
    ids=range(16),
)
def test_what_is_no_sound_is_refused_in_one_line(tmp_path, write, problem):
    write(tmp_path / "a.wav")
    with pytest.raises(UserError, match=rf"\A(?!.*\n).*a\.wav.*{problem}|\A(?!.*\n){problem}.*a\.wav"):
        read_wav(tmp_path / "a.wav")


def test_silence_around_a_sound_is_trimmed():
    whole = np.concatenate([np.zeros(RATE), tone(0.3), np.zeros(RATE // 2)])
    trimmed = Sound((whole * 32767).astype(np.int16), RATE).trimmed()
    assert trimmed.seconds == pytest.approx(0.3, abs=0.02)


def test_joined_sounds_follow_each_other():
    one, other = (Sound((tone(0.1, level=level) * 32767).astype(np.int16), RATE) for level in (0.9, 0.1))
    whole = joined([one, other], [0.05, 0.1, 0.2], np.random.default_rng(0))
    assert whole.seconds == pytest.approx(0.55, abs=1e-3)
    loud = np.abs(whole.at(RATE)) > 0.02
    assert not loud[: round(0.05 * RATE)].any() and not loud[round(0.16 * RATE) : round(0.25 * RATE)].any()
    levels = [np.abs(whole.at(RATE)[start:stop]).max() for start, stop in ((400, 1200), (2000, 2800))]
    assert levels == pytest.approx([0.5, 0.5], abs=0.01), "both are brought to one peak"
