"""Encoded examples on disk: used again for the same examples, and for no others."""

from common.encoding import batching
from common.runs import cache, examples
from common.runs.examples import Request
from common.task import load_task

SEQUENCES = [f"ACGT{'ACGT'[n % 4]}{'ACGT'[n // 4 % 4]}{'ACGT'[n // 16]}" for n in range(64)]


def test_arrays_are_used_again_unless_other_columns_are_read(own_folders, monkeypatch):
    """With COLUMNS the same file and an equal encoder have other labels."""
    task, file = load_task("dna_analysis"), own_folders / "a.csv"
    file.write_text(
        "sequence,a,b\n" + "".join(f"{s},{'xy'[n % 2]},{'xy'[n // 2 % 2]}\n" for n, s in enumerate(SEQUENCES))
    )
    for columns in ("label=a", "label=b"):
        source = examples.load(task, Request(str(file), columns=columns), 0)
        encoder = task.encoder.fit(task.config, source.splits.train)
        expected = batching.encode(encoder, source.splits.train).targets.values.tolist()
        train, _ = cache.encoded(task, source, encoder, source.splits.validation)
        assert train.targets.values.tolist() == expected
        with monkeypatch.context() as patch:
            patch.setattr(task.encoder, "encode", None)
            again, _ = cache.encoded(task, source, encoder, source.splits.validation)
        assert again.targets.values.tolist() == expected
