"""Inspection of data before training, and the output of `validate`."""

import dataclasses
import json
from unittest.mock import Mock

import numpy as np
import pytest

from common.commands import evaluate, train, validate
from common.datasets.splits import Splits
from common.encoding import batching
from common.errors import UserError
from common.runs import cache, examples, inspection
from common.runs.examples import Request
from common.task import change_config, load_task

CSV = "text,label\n" + "".join(f"{n} {text}\n" for n in range(3) for text in ("A fine film,good", "So dull,bad"))
SMALL = {"epochs": "2", "units": "4", "embedding_size": "4", "max_timesteps": "8"}


def inspected(tmp_path, task, name, content, **settings):
    path = tmp_path / name
    path.write_text(content)
    found = load_task(task)
    source = examples.load(found, Request(str(path)), 0)
    return inspection.inspect(source, found.encoder.fit(found.config, source.splits.train))


@pytest.mark.parametrize("labels", [("yes", "Yes"), ("1", "1.0"), ("very good", "very_good"), ("no ", "NO")])
def test_labels_that_look_alike_are_warned_of(tmp_path, labels):
    content = "text,label\n" + "".join(f"text {n},{(*labels, 'other')[n % 3]}\n" for n in range(60))
    found = inspected(tmp_path, "sentiment", "a.csv", content)
    assert any("look like one label" in warning and "(20 rows)" in warning for warning in found.warnings)


def test_rare_labels_are_named_and_stay_in_train(tmp_path):
    content = "text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(100)) + "rare one,neutral\n"
    for seed in range(5):
        found = load_task("sentiment")
        path = tmp_path / "a.csv"
        path.write_text(content)
        source = examples.load(found, Request(str(path)), seed)
        assert "neutral" in {example.label for example in source.splits.train}
    warnings = inspected(tmp_path, "sentiment", "a.csv", content).warnings
    assert any("can hardly be learned: neutral 1" in warning for warning in warnings)
    assert any("test split has no example of: neutral" in warning for warning in warnings)


def test_cut_inputs_unknown_words_and_conflicts_are_said(tmp_path):
    long = "text,label\n" + "".join(f"{n} {'word ' * 300},{'ab'[n % 2]}\n" for n in range(30))
    found = inspected(tmp_path, "sentiment", "a.csv", long)
    assert found.decisions["cut"].startswith("30 of 30 inputs are longer than max_timesteps=200")
    assert "SET=max_timesteps=301" in found.decisions["cut"] and any("Most inputs" in w for w in found.warnings)
    rare = "".join(f"w{3 * n} w{3 * n + 1} w{3 * n + 2}\n" for n in range(100))
    assert any("are unknown" in warning for warning in inspected(tmp_path, "next_word", "a.txt", rare).warnings)
    twice = "text,label\n" + "".join(f"Text {n % 20},{'ab'[n // 20]}\ntext  {n % 20},b\n" for n in range(40))
    found = inspected(tmp_path, "sentiment", "a.csv", twice)
    assert "60 of 80 inputs are repeats" in found.decisions["duplicates"]
    assert any("20 inputs occur with different labels" in warning for warning in found.warnings)


def test_a_quick_run_describes_the_examples_that_it_uses(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "QUICK", {"train": 10, "validation": 5, "test": 5})
    for name, count in (("train", 20), ("dev", 9), ("test", 9)):
        rows = (f"{name} film {n},{'ab'[n % 2]}\n" for n in range(count))
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "".join(rows) + "train film 15,a\n")
    task = load_task("sentiment")
    whole = examples.load(task, Request(*(str(tmp_path / f"{name}.csv") for name in ("train", "dev", "test"))), 0)
    assert whole.shared["test in train"] == 1
    quick = examples.quick(whole)
    assert [len(part) for _, part in quick.splits] == [10, 5, 5] and not any(quick.shared.values())

    (tmp_path / "a.txt").write_text("".join(f"line {n % 3} of a text\n" for n in range(100)))
    task = load_task("next_word")
    source = examples.quick(examples.load(task, Request(str(tmp_path / "a.txt")), 0))
    found = inspection.inspect(source, task.encoder.fit(task.config, source.splits.train))
    assert "duplicates" not in found.decisions and not source.shared


@pytest.mark.parametrize(
    ("task", "name", "content"),
    [
        ("sentiment", "a.csv", "text,label\n" + "".join(f"text {n},{'OX'[n % 2]}\n" for n in range(60))),
        ("pos_tagging", "a.conll", "".join(f"He\tO\nsees\tV\nit{n}\tO\n\n" for n in range(60))),
    ],
    ids=["class", "part of speech"],
)
def test_a_class_or_part_of_speech_called_o_is_no_tag_outside_entities(tmp_path, task, name, content):
    found = inspected(tmp_path, task, name, content)
    assert "entities" not in found.decisions and "O" in str(found.decisions)


def test_a_single_class_called_o_is_refused_as_a_class():
    only = Splits([load_task("sentiment").own_file.parse("a film")[0]], [], [])
    only = only.map(lambda review: dataclasses.replace(review, label="O"))
    with pytest.raises(UserError, match="All 1 training examples have the label 'O'"):
        inspection.refuse(only)


@pytest.mark.parametrize(
    ("task", "columns", "text"),
    [
        ("sentiment", "text,label", "{} the same words at the end"),
        ("language_detection", "text,label", "the same words at the beginning {}"),
        ("translation", "source,target", "the same words at the beginning {}"),
        ("dna_analysis", "sequence,label", "ACGTACGTACGT{}"),
    ],
)
def test_test_inputs_that_are_encoded_as_a_training_input_are_counted(
    own_folders, tmp_path, monkeypatch, task, columns, text
):
    """Texts that differ only where they are cut off; train is not encoded again to find them."""
    codes = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4 % 4]}{'ACGT'[n // 16]}" for n in range(60)]
    sides = {"a.csv": (codes[:40], text), "validation.csv": (codes[40:50], "{}"), "test.csv": (codes[50:], text)}
    for name, (some, form) in sides.items():
        rows = (f"{form.format(code)},{'ab'[n % 2]}\n" for n, code in enumerate(some))
        (tmp_path / name).write_text(f"{columns}\n" + "".join(rows))
    found = load_task(task)
    request = Request(*(str(tmp_path / name) for name in sides))
    source = examples.load(found, request, 0)
    for limit, count in (("5", 10), ("90", 0)):
        config = change_config(found.config, {"max_timesteps": limit})
        encoder = found.encoder.fit(config, source.splits.train)
        training, _ = cache.encoded(found, source, encoder, source.splits.validation)
        with monkeypatch.context() as patch:
            encode = Mock(side_effect=encoder.encode)
            patch.setattr(found.encoder, "encode", encode)
            said = inspection.alike(source, encoder, training)
        assert [warning.split(" test")[0] for warning in said] == (["10 of 10"] if count else [])
        assert encode.call_count == 10


def test_validate_lists_errors_with_their_lines_and_trains_nothing(tmp_path, capsys, own_folders):
    path = tmp_path / "a.csv"
    wrong = "".join(f"x,y{',z' * n}\n" for n in range(1, 31))
    path.write_text(CSV + "fine,nan\n,good\n" + wrong)
    assert not validate.run("sentiment", Request(str(path)), {}, as_json=False)
    shown = capsys.readouterr()
    assert "line 8, has the label 'nan'" in shown.err and "line 9, has an empty text" in shown.err
    assert shown.err.count("error: ") == 20 and "32 errors, of which 20 of 32 kinds are shown" in shown.err
    assert not (own_folders / "runs").exists()
    path.write_text(CSV)
    assert validate.run("sentiment", Request(str(path)), {}, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["valid"] and found["errors"] == [] and found["decisions"]["labels"] == "good 3, bad 3"
    assert validate.run("ner_tagging", Request(), {}, as_json=False)  # a declared set


def test_validate_says_once_what_is_wrong_in_many_lines(tmp_path, capsys, own_folders):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "fine,na\n" * 40)
    assert not validate.run("sentiment", Request(str(path)), {}, as_json=False)
    shown = capsys.readouterr().err
    assert shown.count("error: ") == 1 and "line 2, has the label 'na'" in shown and "40 errors: fix them" in shown
    assert "The same holds for lines 3, 4, 5 and 36 more." in shown
    path.write_text("text,label\n")
    assert not validate.run("sentiment", Request(str(path)), {}, as_json=False)
    shown = capsys.readouterr().err
    assert "has a header and no rows" in shown and "1 error: fix it before training." in shown


def test_groups_are_counted_and_those_that_look_alike_warned_of(tmp_path):
    groups = ["3", "3.0", "Ann", "ann ", "Ben", ""]
    rows = "".join(f"text {n},{'ab'[n // 6 % 2]},{groups[n % 6]}\n" for n in range(120))
    found = inspected(tmp_path, "sentiment", "a.csv", "text,label,group\n" + rows)
    assert "groups 5, the largest 20 rows; 20 rows without one" in found.decisions["a.csv"]
    (said,) = (warning for warning in found.warnings if "look like one group" in warning)
    assert "the groups '3' (20 rows) and '3.0' (20 rows) look like one group, and so do 1 more: write" in said


@pytest.mark.parametrize(("count", "said"), [(1, "only 1 group "), (2, "only 2 groups ")])
def test_too_few_groups_are_refused_unless_the_column_is_left_out(tmp_path, count, said):
    path = tmp_path / "a.csv"
    path.write_text("text,label,group\n" + "".join(f"text {n},{'ab'[n % 2]},g{n % count}\n" for n in range(40)))
    with pytest.raises(UserError, match=f"form {said}.*column group.*COLUMNS=unused=group"):
        examples.load(load_task("sentiment"), Request(str(path)), 0)
    source = examples.load(load_task("sentiment"), Request(str(path), columns="unused=group"), 0)
    assert [len(part) for _, part in source.splits] == [32, 4, 4]


def test_repeats_are_up_to_case_and_space_in_texts_only(tmp_path):
    make = dataclasses.make_dataclass("Picture", ["content", "label"], namespace={"__len__": lambda self: 4})
    splits = Splits([make("1", "a"), make("1", "a")], [make("2", "a")], [make("3", "b")])
    found = inspection.inspect(Mock(splits=splits, read=Mock(decisions={}, warnings=[])), Mock(spec=[], word_inputs=()))
    assert found.decisions["duplicates"] == "1 of 4 inputs are repeats"
    texts = "text,label\n" + "".join(f"text {n % 20},{'ab'[n % 2]}\n" for n in range(40))
    found = inspected(tmp_path, "sentiment", "a.csv", texts)
    assert found.decisions["duplicates"] == "20 of 40 inputs are repeats, up to case and space"


def test_examples_with_labels_unknown_to_train_are_left_out_of_validation():
    make = dataclasses.make_dataclass("Example", ["label"])
    train_side, validation = [make("a"), make("b")], [make("a"), make("c")]
    assert inspection.learnable(train_side, validation) == validation[:1]
    assert inspection.learnable(train_side, train_side) is train_side
    with pytest.raises(UserError, match="No label of the validation examples"):
        inspection.learnable(train_side, validation[1:])
    assert inspection.unseen({"a", "b"}, validation) == {"c": 1}
    with pytest.raises(UserError, match="All 1 training examples have the label 'a'"):
        inspection.refuse(Splits(train_side[:1], [], []))


def test_balanced_weights_count_every_class_alike():
    weights = batching.balanced(np.array([0, 0, 0, 2]))
    np.testing.assert_allclose(weights, [2 / 3, 1, 2])
    inputs = {"x": batching.Column(np.arange(6), np.array([0, 3, 4, 6]), True)}
    targets = batching.Column(np.array([0, 0, 2, 0, 0, 2]), np.array([0, 3, 4, 6]), True)
    batches = batching.ByLength(batching.Encoded(inputs, targets), 3)
    batches.class_weights = weights
    ((_, classes, found),) = batches
    real = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]])  # padding still weighs nothing
    order = np.argsort([row.sum() for row in found > 0])
    np.testing.assert_allclose(found[order], weights[classes[order]] * real)


def test_new_labels_count_as_wrong_and_the_run_knows_its_data(tmp_path, own_folders, capsys):
    """Train with unseen labels on both held-out splits, balanced classes and a mapping; then evaluate another file."""
    rows = "".join(f"{n} {'fine' if n % 2 else 'dull'} film,{'ab'[n % 2]}\n" for n in range(40))
    files = {"train": rows, "dev": "a fine film,b\nodd film,new\n", "test": "fine,b\ndull,a\nodd,other\n"}
    paths = {name: tmp_path / f"{name}.csv" for name in files}
    for name, content in files.items():
        paths[name].write_text("review,label\n" + content)
    request = Request(*(str(paths[name]) for name in files), None, "text=review")
    run = train.run("sentiment", request, {**SMALL, "class_weight": "balanced"})
    shown = capsys.readouterr().out
    assert "labels" in shown and "Labels of validation that train lacks, and that count as wrong: new 1" in shown
    kept = json.loads(run.inspection_file.read_text())
    assert kept["decisions"]["labels"].startswith("b 22, a 21")
    measured = json.loads(run.metrics_file.read_text())
    assert (
        measured["test"]["accuracy"] <= 0.667
        and "Labels that train lacks count as wrong: other 1." in measured["remarks"]
    )
    report = run.report_file.read_text()
    assert "## Each class" in report and "| other |" in report and "## Data" in report
    other = tmp_path / "other.csv"
    other.write_text("text,label\nsome film,never\nfine one,b\n")  # with the columns of its own
    assert "count as wrong: never 1" in " ".join(evaluate.run("sentiment", None, str(other), {})["remarks"])


@pytest.mark.parametrize(
    ("task", "value", "message"), [("sentiment", "heavy", "class_weight"), ("translation", "balanced", "classes")]
)
def test_class_weight_is_refused_where_it_means_nothing(own_folders, task, value, message):
    with pytest.raises(UserError, match=message):
        train.run(task, Request(), {"class_weight": value}, quick=True)
    assert not (own_folders / "runs").exists()
