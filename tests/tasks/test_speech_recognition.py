"""What only speech recognition has: the synthesiser, folders of recordings, tokens, and words placed in time."""

import dataclasses

import numpy as np
import pytest

from common.datasets import splits
from common.datasets.lines import Text
from common.datasets.sounds import Sound, write_wav
from common.errors import UserError
from common.prediction import ctc
from tasks.speech_recognition import sample
from tasks.speech_recognition.reader import normal
from tasks.speech_recognition.task import TASK, Config, Encoder, Utterance, read, split
from tests import small

SPOKEN = small.sample("speech_recognition")


def test_no_voice_is_in_two_splits():
    voices = [{utterance.group for utterance in part} for _, part in SPOKEN]
    assert list(map(len, voices)) == list(sample.VOICES.values())
    assert not voices[0] & voices[1] and not voices[0] & voices[2] and not voices[1] & voices[2]


def test_strings_hold_three_to_seven_digits_at_audible_lengths():
    for _, part in SPOKEN:
        for utterance in part:
            words = utterance.text.split()
            assert 3 <= len(words) <= 7 and set(words) <= set(sample.DIGITS)
            assert 0.15 * len(words) < utterance.sound.seconds < 0.8 * len(words) + 1
            assert np.abs(utterance.sound.samples).max() > 3000


def test_digits_differ_by_their_formants():
    """The vowel of "three" has its second formant far above that of "four"."""
    random = np.random.default_rng(0)
    voice = {"name": "a", "tract": np.ones(3), "pitch": 120, "tempo": 1.0, "breath": 0.01, "noise": 0.01}
    three, four = sample._speak([(voice, "three"), (voice, "four")], random)

    def above_1500(samples):
        power = np.abs(np.fft.rfft(samples)) ** 2
        return power[np.fft.rfftfreq(len(samples), 1 / sample.RATE) > 1500].sum() / power.sum()

    assert above_1500(three) > 3 * above_1500(four)


@pytest.fixture
def folder(tmp_path):
    rows = ["file,text,speaker"]
    for number, utterance in enumerate(SPOKEN.train[:12]):
        write_wav(tmp_path / f"{number}.wav", utterance.sound)
        rows.append(f"{number}.wav,“{utterance.text.title()}.”,speaker {number // 3}")
    (tmp_path / "texts.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_folder_of_recordings(folder):
    examples = read(folder, True)
    assert [example.text for example in examples] == [utterance.text for utterance in SPOKEN.train[:12]]
    assert examples[0].group == "speaker 0" and str(examples[3]) == "3.wav"
    made = split(examples, 0)
    groups = [{example.group for example in part} for _, part in made]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    unlabelled = read(Text(f"{folder}/0.wav"), False)
    assert unlabelled[0].text is None and repr(unlabelled[0].sound) == repr(examples[0].sound)


def test_the_same_recording_under_two_names_stays_in_one_split():
    recordings = [Utterance(one.sound, one.text, f"{i}.wav") for i, one in enumerate(SPOKEN.train[:20])]
    copies = [dataclasses.replace(one, name=f"copy of {one.name}") for one in recordings]
    for seed in range(5):
        made = split(recordings + copies, seed)
        assert not any(splits.shared(made, key=lambda one: repr(one.sound)).values())


def test_a_text_without_words_is_refused(folder):
    (folder / "texts.csv").write_text("file,text\n0.wav,one\n1.wav,...\n")
    with pytest.raises(UserError, match=r"texts.csv, line 3, has no words"):
        read(folder, True)


def test_recordings_of_which_none_has_a_sound_are_refused(folder):
    for number in range(12):
        write_wav(folder / f"{number}.wav", Sound(np.zeros(4000 + number, np.int16), sample.RATE))
    with pytest.raises(UserError, match="has no sound: all 12 recordings are silent"):
        read(folder, True)
    assert len(read(folder, False)) == 12


def test_texts_are_compared_without_case_and_punctuation():
    assert normal("It's Seven -- one, TWO.") == "it's seven one two"


def test_a_word_that_train_does_not_have_is_named():
    encoder = Encoder.fit(Config(), SPOKEN.train[:5])
    with pytest.raises(UserError, match=r"'eleven' .* does not occur in train.*characters=true"):
        encoder.encode(dataclasses.replace(SPOKEN.train[0], text="eleven"))
    spelling = Encoder.fit(Config(characters=True), SPOKEN.train[:5])
    targets = spelling.encode(dataclasses.replace(SPOKEN.train[0], text="seven one"))[1]
    assert "".join(spelling.tokens.names[number - 1] for number in targets) == "seven one"


def test_a_text_that_does_not_fit_into_its_recording_is_refused():
    encoder = Encoder.fit(Config(), SPOKEN.train[:5])
    with pytest.raises(UserError, match="too short for"):
        encoder.encode(dataclasses.replace(SPOKEN.train[0], text="one " * 500))


def test_a_vowel_survives_the_encoding_and_loudness_does_not():
    """A recording of one vowel alone has the same spectrum all the time, and this spectrum is what tells the vowel."""
    *_, encoder = small.setting("speech_recognition")
    seconds = np.arange(4000) / 8000

    def encoded(hertz, volume):
        sound = Sound((volume * np.sin(2 * np.pi * hertz * seconds)).astype(np.int16), 8000)
        return encoder.encode(Utterance(sound))[0]["frames"]

    low, louder, high = encoded(300, 3000), encoded(300, 12000), encoded(900, 3000)
    np.testing.assert_allclose(low, louder, atol=0.3)
    assert np.abs(low - high).max() > 3


def test_training_batches_are_changed_and_padding_stays_zero():
    from common.encoding import batching

    encoder = Encoder.fit(Config(), SPOKEN.train[:8])
    encoded = batching.encode(encoder, SPOKEN.train[:8])
    changed, plain = encoder.batches(encoded, 8, seed=0), encoder.batches(encoded, 8)
    (inputs, *_), (same, *_), (rest, *_) = next(iter(changed)), next(iter(changed)), next(iter(plain))
    np.testing.assert_array_equal(inputs["frames"], same["frames"])
    assert not inputs["frames"][inputs["real"] == 0].any()
    assert abs(inputs["frames"].std() - rest["frames"].std()) > 1e-3


def test_training_changes_the_tempo_and_leaves_time_for_every_word():
    from common.encoding import batching

    short = Utterance(Sound(np.arange(2400, dtype=np.int16), 8000), "one one one one")  # needs 7 of its 14 timesteps
    encoder = Encoder.fit(Config(tempo=0.9), [short])
    batches = encoder.batches(batching.encode(encoder, 3 * [short]), 2, seed=0)
    found = []
    for batches.epoch in range(10):
        for inputs, _, weights in batches:
            steps = np.count_nonzero(inputs["real"], axis=1)
            assert not steps[weights == 0].any()
            found += steps[weights > 0].tolist()
    assert len(found) == 30 and min(found) == 7 and max(found) == 14


def test_a_certain_network_gives_its_words_and_their_times():
    encoder = Encoder.fit(Config(), SPOKEN.train[:40])
    example = SPOKEN.test[0]
    steps = len(encoder.encode(example)[0]["real"])
    path = np.zeros(steps, int)
    numbers = [1 + encoder.tokens.encode(word) for word in ("three", "three", "nine")]
    for number, start in zip(numbers, (5, 20, 30)):
        path[start : start + 4] = number

    def network(inputs):
        logits = np.full((1, steps, 1 + len(encoder.tokens)), -20.0)
        logits[0, np.arange(steps), path] = 20
        return logits

    (answer,) = TASK.predict(Config(), {"model": network}, encoder, [example])
    assert answer["text"] == "three three nine" and answer["probability"] == pytest.approx(1)
    assert answer["words"][0] == {"word": "three", "start": 0.1, "stop": 0.18}
    assert ctc.greedy(network(None)[0]) == numbers


def test_pictures_are_drawn(tmp_path):
    from common.plots.transcription import figures

    few = SPOKEN.test[:3]
    placed = ([{"word": word, "start": 0.1, "stop": 0.3} for word in one.text.split()] for one in few)
    predictions = [{"text": one.text, "words": words} for one, words in zip(few, placed)]
    predictions[0] = {"text": "one", "words": [{"word": "one", "start": 0.1, "stop": 0.1}]}
    found = figures(TASK.score(few, predictions), few, predictions, tmp_path)
    assert [name for name, _ in found] == ["spectrogram.png", "confusions.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name, _ in found)
