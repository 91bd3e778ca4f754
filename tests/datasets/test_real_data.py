"""The real sets of all tasks, read whole: their counts, the quirks of their files, and what their splits share.

Reads them through ZOO_MIRROR and is skipped where that is not set.
"""

import itertools

import numpy as np
import pytest

from common.datasets import readers, splits
from common.datasets.prices import read_prices
from common.task import load_task, task_names

pytestmark = pytest.mark.real_data

DECLARED = [(task, name) for task in task_names() for name, data in load_task(task).datasets.items() if data.files]


def sizes(made):
    return [len(part) for _, part in made]


@pytest.mark.parametrize(("task", "name"), DECLARED)
def test_every_declared_set_is_whole(real_folder, real_splits, task, name):
    declared = load_task(task).datasets[name]
    folder = real_folder(task, name)
    if not declared.archive:
        assert sum((folder / path).stat().st_size for path in declared.files) == declared.size
    made = real_splits(task, name, *([0] if declared.folds else []))
    assert min(sizes(made)) > 0
    assert any(str(example).strip() for example in itertools.islice(made.train, 50))


def test_every_task_has_a_real_set():
    embedded = {"pixel_sequence"}  # its default is real: the digits that scikit-learn carries
    assert {task for task, _ in DECLARED} == set(task_names()) - embedded


# -------------------------------------------------------------------------------------------------- sentiment


def test_sst2(real_splits):
    made = real_splits("sentiment", "sst2")
    assert sizes(made) == [6920, 872, 1821]
    labels = [[example.label for example in part].count("negative") for _, part in made]
    assert labels == [3310, 428, 912]
    lengths = [len(example.text.split()) for _, part in made for example in part]
    assert max(lengths) == 56 and round(np.mean(lengths), 1) == 19.3
    assert len({word for example in made.train for word in example.text.split()}) == 14_828
    assert len(made.train) - len({example.text for example in made.train}) == 9


def test_two_sst2_test_lines_are_in_train(real_splits):
    made = real_splits("sentiment", "sst2")
    train = {example.text for example in made.train}
    assert [example.text for example in made.test if example.text in train] == ["no. .", "what 's next ?"]
    assert splits.shared(made) == {"test in train": 2, "validation in train": 0, "test in validation": 0}


# -------------------------------------------------------------------------------------------------- next_word


def test_tinyshakespeare(real_folder):
    text = readers.LineSequence(real_folder("next_word", "tinyshakespeare") / "input.txt")
    words = [word for line in text for word in line.split()]
    assert (len(text), len(words), len(set(words))) == (40_000, 202_651, 25_670)
    assert all(line.isascii() for line in text)


def test_ptb(real_folder):
    folder = real_folder("next_word", "ptb")
    parts = [list(readers.lines(folder / f"data/ptb.{part}.txt")) for part in ("train", "valid", "test")]
    assert list(map(len, parts)) == [42_068, 3_370, 3_761]
    words = [[word for line in part for word in line.split()] for part in parts]
    assert list(map(len, words)) == [887_521, 70_390, 78_669]
    assert [len(w) + len(s) for w, s in zip(words, parts, strict=True)] == [929_589, 73_760, 82_430]  # with <eos>
    vocabulary = set(words[0])
    assert len(vocabulary) == 9_999 and {"<unk>", "N"} < vocabulary
    assert set(words[1]) | set(words[2]) <= vocabulary
    assert all(line.startswith(" ") and line.endswith(" ") for part in parts for line in part)


@pytest.mark.parametrize("name", ["ptb", "tinyshakespeare"])
def test_texts_are_split_by_position_and_nothing_is_lost(real_folder, real_splits, name):
    folder = real_folder("next_word", name)
    files = [folder / f"data/ptb.{part}.txt" for part in ("train", "valid", "test")]
    files = files if name == "ptb" else [folder / "input.txt"]
    written = [line.split() for file in files for line in readers.lines(file) if line.strip()]
    made = real_splits("next_word", name)
    assert [str(example).split() for _, part in made for example in part] == written
    if name == "ptb":
        assert sizes(made) == [42_068, 3_370, 3_761]


# --------------------------------------------------------------------------------------------- stock_forecast


@pytest.fixture(scope="module")
def stocks(real_folder):
    paths = (real_folder("stock_forecast", "stocknet") / "price" / "raw").glob("*.csv")
    return {series.name: series for series in map(read_prices, sorted(paths))}


def test_stocknet(stocks):
    assert len(stocks) == 88
    assert sum(map(len, stocks.values())) == 108_592 - 3  # less a row of "null" in each of three files
    assert {name: len(series) for name, series in stocks.items() if len(series) != 1258} == {
        "ABBV": 1177,
        "AGFS": 701,
        "BABA": 745,
        "GMRE": 297,
        "PTR": 1257,
        "REX": 1257,
        "SNP": 1257,
    }
    for series in stocks.values():
        assert (np.diff(series.dates) > np.timedelta64(0)).all()
        assert (series.close > 0).all() and (series.volume >= 0).all()
        assert series.dates[-1] == np.datetime64("2017-09-01")
    missing = np.datetime64("2016-06-29")
    assert {name for name, series in stocks.items() if len(series) > 300 and missing not in series.dates} == {
        "PTR",
        "REX",
        "SNP",
    }


def test_stocknet_prices_are_adjusted_for_splits_and_dividends(stocks):
    apple = stocks["AAPL"]
    returns = np.abs(np.diff(np.log(apple.close)))
    assert returns.max() < 0.15  # seven for one in June 2014
    assert apple.close[0] == 87.121140  # Adj Close; Close is 96.424286


def test_no_day_to_forecast_is_in_two_splits(real_splits, stocks):
    made = real_splits("stock_forecast", "stocknet")
    assert all(len({example.stock for example in part}) == 84 for _, part in made)

    def target_days(part):
        for example in part:
            dates = stocks[example.stock].dates
            after = int(np.searchsorted(dates, np.datetime64(example.date))) + 1
            yield dates[after], dates[after + len(example.target) - 1]

    (_, train), (validation_first, validation), (test_first, _) = (
        (min(first for first, _ in days), max(last for _, last in days))
        for days in (list(target_days(part)) for _, part in made)
    )
    assert train < validation_first and validation < test_first
    assert all(example.past.dates[-1] == np.datetime64(example.date) for example in made.test[:500])


# ------------------------------------------------------------------------------------------------ ner_tagging


def test_wnut17(real_splits):
    made = real_splits("ner_tagging", "wnut17")
    assert sizes(made) == [3394, 1009, 1287]
    assert [sum(len(example.tokens) for example in part) for _, part in made] == [62_730, 15_733, 23_394]
    assert [sum(tag[0] == "B" for example in part for tag in example.tags) for _, part in made] == [1975, 836, 1079]
    kinds = ("person", "location", "group", "corporation", "product", "creative-work")
    tags = {tag for _, part in made for example in part for tag in example.tags}
    assert tags == {"O"} | {f"{prefix}-{kind}" for prefix in "BI" for kind in kinds}
    assert not any(splits.shared(made, key=lambda example: example.tokens).values())


def test_wnut17_separators_hold_a_tab_and_its_tags_are_bio_as_they_stand(real_folder):
    folder = real_folder("ner_tagging", "wnut17")
    separators = [line for line in readers.lines(folder / "wnut17train.conll") if not line.strip()]
    assert len(separators) == 3394 and separators.count("\t") == 2394
    for name in ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"):
        written = [line.split("\t")[1] for line in readers.lines(folder / name) if line.strip()]
        assert [tag for sentence in readers.conll(folder / name) for tag in sentence.tags] == [
            tag.strip() for tag in written
        ]


# ------------------------------------------------------------------------------------------------ translation


@pytest.mark.parametrize("name", ["multi30k_en_fr", "multi30k_en_de"])
def test_multi30k(real_splits, name):
    made = real_splits("translation", name)
    assert sizes(made) == [29_000, 1014, 1000]
    assert all(pair.source.strip() and pair.target.strip() for _, part in made for pair in part)
    words = [len(pair.source.split()) for _, part in made for pair in part]
    assert round(np.mean(words), 1) == 11.9
    assert len(made.train) - len({pair.source for pair in made.train}) == 9
    assert splits.shared(made) == {"test in train": 0, "validation in train": 1, "test in validation": 0}


def test_multi30k_is_cased_and_accented(real_splits):
    made = real_splits("translation", "multi30k_en_fr")
    assert made.train[0].source == "Two young, White males are outside near many bushes."
    assert any("é" in pair.target for pair in made.test)
