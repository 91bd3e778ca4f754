"""DNA: generated promoters that counting does not tell, readers, ambiguous bases, folds that share no sequence."""

import re

import numpy as np
import pytest

from common.datasets import overlaps, reading
from common.datasets.lines import Text
from common.errors import UserError
from common.prediction.keras_networks import of_model
from tasks.dna_analysis import reader, sample
from tasks.dna_analysis.task import PROBABILITIES, TASK, Config, Encoder, Sequence, load_splice
from tests import small


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ("A" + "TTGACA" + "C" * 17 + "TATAAT" + "G", True),
        ("TTCACA" + "C" * 16 + "TATAAA", True),  # a letter changed in each box
        ("TTCACA" + "C" * 15 + "TATAAA", False),
        ("TTGACA" + "C" * 19 + "TATAAT", False),
        ("TATAAT" + "C" * 17 + "TTGACA", False),
        ("TTCAGA" + "C" * 17 + "TATAAT", False),  # two letters changed in one
    ],
)
def test_a_promoter_by_hand(bases, expected):
    assert sample.is_promoter(bases) == expected


def test_the_boxes_decide_in_every_sample_sequence():
    splits = sample.load()
    for _, split in splits:
        labels = [label for _, label in split]
        assert labels.count("promoter") == len(split) / 2
        assert all(sample.is_promoter(bases) == (label == "promoter") for bases, label in split)
    lengths = [len(bases) for bases, _ in splits.train]
    assert (min(lengths), max(lengths)) == sample.LENGTHS


def test_counting_pieces_says_nothing_of_the_sample():
    few = small.sample("dna_analysis")
    answers = TASK.baseline(Config(), few.train[:1000], few.test[:300])
    for name, predictions in answers.items():
        assert TASK.score(few.test[:300], predictions)["accuracy"] < 0.68, name


def test_letters_stand_for_bases():
    assert PROBABILITIES["A"].tolist() == [1, 0, 0, 0]
    assert PROBABILITIES["D"] == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3])
    assert all(row.sum() == pytest.approx(1) and row.dtype == np.float32 for row in PROBABILITIES.values())


def test_a_long_sequence_loses_its_end_and_places_stay_in_train():
    encoder = Encoder.fit(Config(max_timesteps=6), [Sequence("ACGT", "a"), Sequence("AC", "b")])
    inputs, target = encoder.encode(Sequence("ACGTACGTA", "b"))
    assert inputs["bases"].shape == (6, 4) and target == 1
    assert inputs["places"].tolist() == [1, 2, 3, 4, 4, 4]  # no place that was never trained


def test_fasta_over_several_lines_in_lower_case(tmp_path):
    path = write(tmp_path / "a.fa", ">x one donor\nACgt\nuN\n\n>y acceptor\n  TTT \n")
    assert TASK.own_file.read(path, True) == [Sequence("ACGTTN", "donor"), Sequence("TTT", "acceptor")]
    assert TASK.own_file.read(path, False) == [Sequence("ACGTTN"), Sequence("TTT")]


def test_sequences_without_a_known_base_are_warned_of(tmp_path):
    path = write(tmp_path / "a.fa", ">x donor\nNNNN\n>y acceptor\nNNRN\n>z donor\nNNAN\n")
    with reading.reading(reading.Reading()) as said:
        TASK.own_file.read(path, True)
    assert said.warnings == [f"{path}: 2 of 3 sequences hold no A, C, G or T: remove them."]


def test_fasta_by_its_first_line_that_is_not_blank(tmp_path):
    assert TASK.own_file.read(write(tmp_path / "a.txt", "\n\n>x yes\nAC\n"), True) == [Sequence("AC", "yes")]


@pytest.mark.parametrize("bases", ["ACG TAC GTA", "NNN NNN NNN", "ACG CGT", "AC CA AC"])
def test_bases_in_groups_are_one_sequence(tmp_path, bases):
    path = write(tmp_path / "a.csv", f"sequence,label\n{bases},yes\n")
    assert TASK.own_file.read(path, True) == [Sequence(bases.replace(" ", ""), "yes")]


def test_table_with_groups(tmp_path):
    path = write(tmp_path / "a.csv", "Sequence,label,group\nac gt,yes,g1\nTT,no,\n")
    assert TASK.own_file.read(path, True) == [Sequence("ACGT", "yes", "g1"), Sequence("TT", "no", "")]


def test_folder_with_a_file_for_each_label(tmp_path):
    write(tmp_path / "exon.fa", ">1\nAC\n>2\nGT\n")
    write(tmp_path / "._exon.fa", "Mac OS X")  # macOS adds such files where a disk keeps no attributes
    write(tmp_path / "intron.fasta", ">1\nTT\n")
    (tmp_path / "notes.txt").write_text("nothing")
    labels = [example.label for example in TASK.own_file.read(tmp_path, True)]
    assert labels == ["exon", "exon", "intron"]
    (tmp_path / "intron.fasta").unlink()
    with pytest.raises(UserError, match=r"has 1 FASTA files \(\.fa, .*\): give one for each label"):
        TASK.own_file.read(tmp_path, True)
    assert len(TASK.own_file.read(tmp_path, False)) == 2
    (tmp_path / "exon.fa").unlink()
    with pytest.raises(UserError, match="has 0 FASTA files"):
        TASK.own_file.read(tmp_path, False)


def test_typed_sequences():
    assert TASK.own_file.parse("ACGT\n\nttu\n") == [Sequence("ACGT"), Sequence("TTT")]
    assert TASK.own_file.parse(">a\nAC\nGT\n") == [Sequence("ACGT")]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.fa", ">x yes\nAC!T\n", "line 2, holds '!'"),
        ("a.fa", "ACGT\n>x yes\nAC\n", "line 1, stands before the first title"),
        ("a.fa", ">x yes\n>y no\nAC\n", "line 1, is the title 'x yes', after which no bases follow"),
        ("a.fa", ">x\nAC\n", "line 1, is the title 'x' without a label"),
        ("a.csv", "sequence,label\nACGT,yes\nAXE,no\n", "line 3, holds 'X'"),
        ("a.txt", "ACGT\n", "is no FASTA file, which begins with >, and no table with the columns sequence and label"),
        ("a.txt", "@r1\nACGT\n+\nIIII\n", "is no FASTA file, which begins with >"),
        ("a.csv", "sequence,label\nACGT,yes\nACGT CGTA GTAC,no\n", "line 3, holds words that overlap, ACGT CGTA"),
        ("a.csv", "sequence,label\nACGT,yes\nNA,no\n", "line 3, has the sequence 'NA', which stands for a missing"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, name, text, problem):
    with pytest.raises(UserError, match=re.escape(problem)) as caught:
        TASK.own_file.read(write(tmp_path / name, text), True)
    assert "\n" not in str(caught.value) and name in str(caught.value)


def test_letters_of_a_text_are_checked_too():
    with pytest.raises(UserError, match="the text, line 2, holds 'E'"):
        reader.read(Text("ACGT\nHELLO\n"), False)


def test_folds_share_no_sequence_and_each_tests_once(tmp_path):
    (tmp_path / "data").mkdir()
    texts = ["".join(bases) for bases in np.random.default_rng(0).choice(list("ACGT"), (150, 8))]
    lines = [
        f"{label},  GENE{number % 9}-{number},  {text}" for number, text in enumerate(texts) for label in ("N", "EI")
    ]
    write(tmp_path / "data" / "splice.data", "\n".join(lines))
    tested = []
    for fold in range(10):
        splits = [{example.bases for example in split} for _, split in load_splice(tmp_path, fold)]
        assert all(splits) and not splits[0] & splits[1] and not splits[0] & splits[2] and not splits[1] & splits[2]
        assert set.union(*splits) == set(texts)
        tested.extend(splits[2])
    assert sorted(tested) == sorted(set(texts))
    assert load_splice(tmp_path, 0).test[0].group.startswith("GENE")


COMPLEMENT = str.maketrans("ACGT", "TGCA")


def windows(genes, length=60, step=20):
    """Overlapping windows of random genes, every other one from the opposite strand, and the number of its gene."""
    random = np.random.default_rng(0)
    for number in range(genes):
        gene = "".join(random.choice(list("ACGT"), 200))
        for place, start in enumerate(range(0, 200 - length + 1, step)):
            window = gene[start : start + length]
            yield (window[::-1].translate(COMPLEMENT) if place % 2 else window), number


def test_windows_of_one_gene_belong_together():
    bases, genes = zip(*windows(40))
    assert overlaps.sets(bases, [""] * len(bases)) == list(genes)
    assert len(set(overlaps.sets(bases, ["one organism"] * len(bases)))) == 1
    apart = [text[: overlaps.SHARED - 1] for text in bases]  # too short to share a stretch
    assert len(set(overlaps.sets(apart, [""] * len(apart)))) == len(set(apart))
    unknown = ["N" * 60, "N" * 61]  # the same letters, of which nothing is known
    assert overlaps.sets(unknown, ["", ""]) == [0, 1]


def test_no_split_holds_a_window_that_overlaps_one_of_another():
    bases, genes = zip(*windows(60))
    gene_of = dict(zip(bases, genes))
    made = TASK.own_file.split([Sequence(text, "ab"[gene % 2]) for text, gene in gene_of.items()], 0)
    found = [{gene_of[example.bases] for example in part} for _, part in made]
    assert all(found) and sum(map(len, found)) == 60


def test_folds_do_not_overlap(tmp_path):
    (tmp_path / "data").mkdir()
    bases, genes = zip(*windows(60))
    lines = [f"N,  G-{number},  {text}" for number, text in enumerate(bases)]
    write(tmp_path / "data" / "splice.data", "\n".join(lines))
    gene_of = dict(zip(bases, genes))
    for fold in range(10):
        found = [{gene_of[example.bases] for example in part} for _, part in load_splice(tmp_path, fold)]
        assert sum(map(len, found)) == 60


def test_prediction_shows_each_base_with_its_attention():
    _, _, few, encoder = small.setting("dna_analysis")
    model, config = small.model("dna_analysis")
    answers = TASK.predict(config, of_model(model), encoder, few.test)
    for answer, example in zip(answers, few.test):
        assert next(iter(answer)) == "label"
        assert "".join(base for base, _ in answer["attention"]) == example.bases
        assert sum(weight for _, weight in answer["attention"]) == pytest.approx(1, abs=1e-3)


def test_places_matter_only_where_they_are_asked_for():
    _, _, few, encoder = small.setting("dna_analysis")
    model, config = small.model("dna_analysis", place_embedding_size=4)
    assert any("embedding" in variable.path for variable in model.variables)
    assert len(TASK.predict(config, of_model(model), encoder, few.test)) == len(few.test)
