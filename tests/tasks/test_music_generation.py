"""Music: notes by name, MIDI there and back, phrases that return, chords and melodies, continuations."""

import dataclasses
import json
import wave

import mido
import numpy as np
import pytest

from common.datasets import reading, scores
from common.encoding import notes
from common.errors import UserError
from common.metrics.music import Music, returned
from common.prediction.keras_networks import of_model
from common.task import change_config
from tasks.music_generation.task import TASK, Encoder, Piece, load_tunes, read
from tests import small

CHORALE = [Piece(((60, 64, 67), (60, 64, 67), (62, 65), (), (59,)), held=True, steps=1)] * 2

# ------------------------------------------------------------------------------------------------------- Data


def test_sample_tunes_return_to_their_first_phrase():
    made = small.sample("music_generation")
    assert [len(split) for _, split in made] == [1200, 150, 150]
    assert len({piece.frames for _, split in made for piece in split}) == 1500
    for piece in made.train[:50]:
        first, second, _, last = (piece.frames[start : start + 8] for start in range(0, 32, 8))
        assert first == second == last


def test_notes_have_names():
    assert scores.parsed("C4 F#5+c4 - Bb3") == ((60,), (60, 78), (), (58,))
    assert scores.written(scores.parsed("C4 C4+F#5 - A#3")) == "C4 C4+F#5 - A#3"
    for text, problem in (("C4 H4", "'H4' instead of a note"), ("C9", "a piano has A0 to C8")):
        with pytest.raises(UserError, match=f"the text, line 2, has .*{problem}"):
            TASK.own_file.parse(f"C4\n{text}")


@pytest.mark.parametrize("held", [True, False])
def test_midi_there_and_back(tmp_path, held):
    frames = ((60, 64), (60, 64), (62,), (), (62,), (62,))
    path = tmp_path / "tune.mid"
    notes.write_midi(path, frames, scores.STEPS, held)
    assert read(path, True) == [Piece(frames, "tune", scores.STEPS, True)]
    assert read(tmp_path, False) == [Piece(frames, "tune", scores.STEPS, True, is_prompt=True)]


def write_messages(path, *tracks, type=1, channel=0):
    """A MIDI file of 480 ticks per quarter; tracks hold `(ticks since the last, pitch, velocity)`."""
    file = mido.MidiFile(type=type, ticks_per_beat=480)
    for track in tracks:
        file.tracks.append(
            mido.MidiTrack(
                mido.Message("note_on", time=time, note=note, velocity=velocity, channel=channel)
                for time, note, velocity in track
            )
        )
    file.save(path)


def test_notes_without_an_end_sound_to_the_end_and_are_said(tmp_path):
    write_messages(tmp_path / "tune.mid", [(0, 60, 64), (120, 62, 64), (120, 62, 0)])
    with reading.reading(reading.Reading()) as said:
        assert [piece.frames for piece in scores.read(tmp_path / "tune.mid")] == [((60,), (60, 62))]
    assert "tune.mid: 1 notes have no end" in said.warnings[0]


@pytest.mark.parametrize(("ticks", "expected"), [(120, 0), (130, 0), (160, 1)])
def test_triplets_are_said_and_small_deviations_are_not(tmp_path, ticks, expected):
    row = [message for n in range(3) for message in ((0, 60 + n, 64), (ticks, 60 + n, 0))]
    write_messages(tmp_path / "tune.mid", row)
    with reading.reading(reading.Reading()) as said:
        read(tmp_path, True)
    assert sum("2 of 3 notes begin between sixteenth notes" in warning for warning in said.warnings) == expected


def test_tracks_that_are_pieces_of_their_own_and_drums_are_refused(tmp_path):
    tracks = [(0, 60, 64), (120, 60, 0)], [(0, 64, 64), (120, 64, 0)]
    write_messages(tmp_path / "tune.mid", *tracks, type=2)
    with pytest.raises(UserError, match=r"tune\.mid is MIDI of type 2, whose tracks are pieces of their own"):
        read(tmp_path, True)
    write_messages(tmp_path / "tune.mid", *tracks, channel=scores.DRUMS)
    with pytest.raises(UserError, match=r"tune\.mid has no notes, or only of drums"):
        read(tmp_path, True)


def test_what_is_no_midi_file_is_refused(tmp_path):
    path = tmp_path / "tune.mid"
    path.write_bytes(b"RIFF and so on")
    with pytest.raises(UserError, match=r"tune\.mid is not a whole MIDI file"):
        read(path, True)
    notes.write_midi(path, ((60,), (62,)), 4, True)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match=r"tune\.mid is not a whole MIDI file \(it ends too early\)"):
        read(path, True)
    notes.write_midi(path, ((), ()), 4, True)
    with pytest.raises(UserError, match=r"tune\.mid has no notes"):
        read(path, True)
    path.unlink()
    with pytest.raises(UserError, match=r"holds no MIDI files"):
        read(tmp_path, True)


def test_held_notes_are_one_tone():
    frames = ((60,), (60,), (62, 60), (62,))
    assert sorted(notes.tones(frames, True)) == [(0, 3, 60), (2, 4, 62)]
    assert sorted(notes.tones(frames, False)) == [(0, 1, 60), (1, 2, 60), (2, 3, 60), (2, 3, 62), (3, 4, 62)]


def test_sound_has_the_pitch_of_the_note(tmp_path):
    notes.write_wav(tmp_path / "a.wav", ((69,),) * 4, 2, True)
    with wave.open(str(tmp_path / "a.wav")) as file:
        rate, sound = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(sound))
    assert spectrum.argmax() * rate / len(sound) == pytest.approx(440, abs=1)
    assert 0.5 < np.abs(sound).max() / 32767 <= 1


def test_tunes_are_split_by_name_and_settings_of_a_tune_stay_together(tmp_path):
    folder = tmp_path / "cre_corpus/feat_seq_corpus/feat_seq"
    folder.mkdir(parents=True)
    names = [f"{first}{second}The" for first in "ABCDEFGH" for second in "abcdefgh"]
    for name in names:
        for setting in ("1", "2"):
            (folder / name.replace("The", f"{setting}The.csv")).write_text(",midi_note,onset\n0,74,0\n1,71,1\n")
    made = load_tunes(tmp_path)
    assert sum(len(split) for _, split in made) == 2 * len(names) and len(made.train) > len(names)
    assert made.test[0].frames == ((74,), (71,))
    groups = [{piece.group for piece in split} for _, split in made]
    assert sorted(name for group in groups for name in group) == names  # each in one split only


def test_an_echo_is_what_followed_the_last_time():
    tune = tuple((pitch,) for pitch in (60, 62, 64, 60, 62, 65, 60, 62))
    found = notes.echoes(tune, 2)
    assert found == [None, None, None, None, None, (64,), None, None, (65,)]
    encoder = Encoder.fit(change_config(TASK.config, {"echo": 2}), [Piece(tune)])
    keys = encoder.encode(Piece(tune))[0]["keys"]
    assert keys.shape == (8, 176) and keys.dtype == np.uint8
    assert np.argwhere(keys[:, 88:]).tolist() == [[5, 64 - 21]]


def test_an_encoding_reads_only_the_past():
    encoder = Encoder.fit(change_config(TASK.config, {"echo": 2}), CHORALE)
    whole = encoder.encode(CHORALE[0])[0]["keys"]
    for step in range(1, 5):
        changed = Piece((*CHORALE[0].frames[:step], (100,), *CHORALE[0].frames[step + 1 :]))
        np.testing.assert_array_equal(encoder.encode(changed)[0]["keys"][: step + 1], whole[: step + 1])


# ------------------------------------------------------------------------------------------------- Prediction


def model_of(train, **changes):
    import keras

    config = change_config(TASK.config, {**small.settings(TASK.config), "new_frames": 4, **changes})
    encoder = Encoder.fit(config, train)
    keras.utils.set_random_seed(0)
    return config, TASK.build_model(config, encoder), encoder


def test_chords_are_predicted_key_by_key():
    config, model, encoder = model_of(CHORALE)
    assert not encoder.melody and encoder.held
    (found, _) = TASK.predict(config, of_model(model), encoder, CHORALE)
    inputs, targets = encoder.encode(CHORALE[0])
    logits = model(({"keys": inputs["keys"][None]}), training=False).numpy()[0].astype(float)
    expected = np.where(targets > 0, -np.log1p(np.exp(-logits)), -np.log1p(np.exp(logits))).sum(axis=1)
    np.testing.assert_allclose(found["log_probabilities"], expected, rtol=1e-4)
    assert len(found["likeliest"]) == 5 and found["beginning"] == 2 and len(found["continuation"]) == 3
    answers = TASK.baseline(config, CHORALE, CHORALE)
    assert len(answers) == 3 and all(len(one[0]["log_probabilities"]) == 5 for one in answers.values())


def test_a_melody_is_predicted_note_by_note_and_refuses_chords():
    train = [Piece(((60,), (62,), (), (64,)))] * 3
    config, model, encoder = model_of(train, echo=2)
    (found, *_) = TASK.predict(config, of_model(model), encoder, train)
    assert encoder.melody and np.exp(found["log_probabilities"]).max() < 1
    assert [len(frame) <= 1 for frame in found["likeliest"]] == [True] * 4
    with pytest.raises(UserError, match="has chords"):
        TASK.predict(config, of_model(model), encoder, [dataclasses.replace(CHORALE[0], is_prompt=True)])


def test_a_continuation_depends_on_seed_and_beginning_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, model, encoder = model_of([Piece(((60,), (62,), (64,), (65,)))] * 3)
    prompts = TASK.own_file.parse("C4 D4\nE4 D4 C4")
    both = TASK.predict(config, of_model(model), encoder, prompts)
    assert TASK.predict(config, of_model(model), encoder, prompts[1:]) == both[1:] and json.dumps(both)
    assert len(both[0]["continuation"].split()) == 4 and both[0]["frames"][:2] == [[60], [62]]
    assert TASK.predict(dataclasses.replace(config, seed=1), of_model(model), encoder, prompts) != both
    assert not list(tmp_path.iterdir())
    saved = TASK.predict(change_config(config, {"save": "mine"}), of_model(model), encoder, prompts)
    assert [answer["files"] for answer in saved] == [["mine.mid", "mine.wav"], ["mine-2.mid", "mine-2.wav"]]
    assert len(scores.read(tmp_path / "mine.mid")[0].frames) == 6 * 2  # eighths, read as sixteenths
    with pytest.raises(UserError, match="A file name must consist of"):
        TASK.predict(change_config(config, {"save": "../mine"}), of_model(model), encoder, prompts)


# ----------------------------------------------------------------------------------------------------- Scores


def test_scores_by_hand():
    tune = [(60,), (62,), (64,), (65,)]
    prediction = {
        "log_probabilities": [-9.0, *np.log([0.5, 0.25, 0.5])],
        "likeliest": [[1], [62], [65], []],
        "beginning": 0,
        "continuation": [],
    }
    again = {**prediction, "log_probabilities": [-1.0] * 8, "likeliest": [list(note) for note in tune * 2]}
    again |= {"beginning": 4, "continuation": [[60], [62], [64], [66]]}
    found = Music([tune, tune * 2], [prediction, again])
    assert found["frame_loss"] == pytest.approx((4 * np.log(2) + 7) / 10)  # the first frame does not count
    assert found["frame_f1"] == pytest.approx(2 * 8 / (10 + 10))
    assert found["returning"] == 0 and found["returning_in_truth"] == 1 / 4
    assert found.truths[0] == "C4 D4 [E4]" and found.answers[0] == "C4 D4 [F4]"
    assert returned(tune * 3, 4) == (5, 8)


def test_samples_without_a_continuation_do_not_count_for_returning():
    tune = [(60,), (62,), (64,), (65,)]
    silent = {"log_probabilities": [-1.0] * 4, "likeliest": [[60]] * 4, "beginning": 2, "continuation": []}
    found = Music([tune] * 20, [{**silent, "continuation": [[64], [65]]}] + [silent] * 19)
    assert np.isnan(found.over(np.array([1, 2]))["returning"])
    assert found.intervals()["returning"] == [0, 0] and "returning" not in Music([tune], [silent])


def test_pictures_and_sound_are_written(tmp_path):
    from common.plots.music import figures

    piece = CHORALE[0]
    answer = {"log_probabilities": [-1.0] * 5, "likeliest": [list(frame) for frame in piece.frames]}
    answer |= {"beginning": 2, "continuation": [[60, 64], [], [59]], "steps": 1, "held": True}
    found = figures(Music([piece.frames], [answer]), [piece], [answer], tmp_path)
    assert [name for name, _ in found] == ["piano_roll.png", "steps.png"]
    assert all((tmp_path / name).stat().st_size > 5000 and caption for name, caption in found)
    assert scores.read(tmp_path / "continuation.mid")[0].frames
    assert (tmp_path / "continuation.wav").stat().st_size > 10_000
