"""Raw text of scripts without spaces: cut as the training sentences were, by both taggers."""

import keras
import numpy as np
import pytest

from common.datasets.lines import Text
from common.encoding.segmenting import Segmenter
from common.encoding.text import words
from common.errors import UserError
from common.prediction.keras_networks import of_model
from common.task import change_config, load_task
from tests import small

TRAIN = [["我", "在", "北京大学", "读书", "。"], ["他", "去", "北京", "了", "。"], ["2019年", "大学", "开学", "了"]]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("他在北京大学读书。", ["他", "在", "北京大学", "读书", "。"]),  # the longest word, not the first
        ("北京大", ["北京", "大"]),
        ("北京 大学", ["北京", "大学"]),  # a word of train does not reach over a space
        ("我去2024年的上海", ["我", "去", "2024年", "的", "上", "海"]),  # unknown: characters
        ("He read 北京 twice", ["He", "read", "北京", "twice"]),
        ("", []),
    ],
)
def test_the_longest_words_of_train_are_put_together(text, tokens):
    segmenter = Segmenter.from_json(Segmenter.fit(TRAIN).to_json())
    assert list(segmenter.joined(words(text), text)) == tokens


def test_thai_words_are_put_together_with_their_marks():
    segmenter = Segmenter.fit([["ฉัน", "ชอบ", "กินข้าว"]])
    text = "ฉันกินข้าวที่นี่"
    found = segmenter.joined(words(text), text)
    assert found[:2] == ("ฉัน", "กินข้าว") and "".join(found) == text and len(found) > 3


def test_a_training_file_of_characters_or_of_spaced_words_joins_nothing():
    for sentences in ([list("北京大学")], [["New", "York", "don't"]]):
        assert Segmenter.fit(sentences).words == ()
    assert Segmenter(()).joined(tuple("北京"), "北京") == ("北", "京")


@pytest.mark.parametrize("damaged", [None, "text", [1], ["a", "a"], {"a": 1}])
def test_words_of_a_run_that_are_none_are_refused(damaged):
    with pytest.raises(UserError, match="train again"):
        Segmenter.from_json(damaged)


@pytest.mark.parametrize("name", ["ner_tagging", "pos_tagging"])
def test_a_tagger_answers_for_the_words_that_it_was_trained_on(name, tmp_path):
    task = load_task(name)
    path = tmp_path / "a.conll"
    rows = [[f"{token} {'B-x' if len(token) > 2 else 'O'}\n" for token in sentence] for sentence in TRAIN]
    path.write_text("\n".join(map("".join, rows)))
    config = change_config(task.config, small.settings(task.config))
    encoder = task.encoder.fit(config, task.own_file.read(path, True))
    (typed,) = task.own_file.parse("他去北京大学读书。")
    tokens = ["他", "去", "北京大学", "读书", "。"]
    assert encoder.step_names(typed) == tokens
    given = task.own_file.read(Text("北\n京\n\n去\n他\n", suffix=".conll"), False)
    assert [encoder.step_names(sentence) for sentence in given] == [["北", "京"], ["去", "他"]]  # tokens of a file stay
    keras.utils.set_random_seed(0)
    networks = of_model(task.build_model(config, encoder))
    (answer,) = task.predict(config, networks, encoder, [typed])
    found = answer["tokens"] if name == "ner_tagging" else [word["word"] for word in answer["words"]]
    assert found == tokens
    np.testing.assert_array_equal(
        encoder.encode(typed)[0]["token_ids"], encoder.encode(type(typed)(tuple(tokens)))[0]["token_ids"]
    )
