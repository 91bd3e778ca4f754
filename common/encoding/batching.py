"""Encoded examples in batches: padded on the right, grouped by length, every example once per epoch."""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from common import files

GROUPS = 8  # lengths to which sequences are padded: enough to keep padding low, few enough to compile each
_CHOICES = 256  # candidates from which the padded lengths are chosen
_CHUNK = 1 << 14  # examples held in memory before they are written to disk


def padded_lengths(lengths: np.ndarray, groups: int = GROUPS) -> np.ndarray:
    """The padded lengths that minimise the total padding.

    Dynamic programming over the lengths that occur: the best `g` groups up to a length extend the best `g - 1` groups
    up to a shorter length.

    Args:
        lengths: int array, timesteps of each sequence.
        groups: maximum number of lengths.

    Returns:
        Ascending int array of at most `groups` lengths; the last is the longest that occurs.
    """
    found, counts = np.unique(lengths, return_counts=True)
    if len(found) > _CHOICES:
        # Too many to try all pairs: keep candidates that divide all timesteps into equal shares.
        shares = np.cumsum(found * counts) / np.sum(found * counts)
        found = found[np.unique(np.searchsorted(shares, np.linspace(0, 1, _CHOICES + 1)[1:] - 1e-12))]
        counts = np.bincount(np.searchsorted(found, lengths), minlength=len(found))
    below = np.concatenate([[0], np.cumsum(counts)])  # sequences shorter than found[i]
    steps = found * (below[1:] - below[:, None])  # [i, j]: padded timesteps if found[i..j] are one group
    steps = np.where(below[1:] > below[:, None], steps.astype(float), np.inf)
    best, cuts = steps[0], []
    for _ in range(min(groups, len(found)) - 1):
        extended = np.concatenate([[0], best])[:, None] + steps
        cuts.append(extended.argmin(axis=0))
        best = extended.min(axis=0)
    chosen, last = [], len(found) - 1
    for cut in reversed(cuts):
        chosen.append(last)
        last = cut[last] - 1
        if last < 0:
            break
    else:
        chosen.append(last)
    return found[chosen[::-1]]


class Column:
    """One array per example, concatenated: `values[offsets[i]:offsets[i + 1]]` belongs to example i.

    Attributes:
        values: array `(total timesteps, ...)`, in memory or mapped from disk; for a fixed shape `(examples, ...)`.
        offsets: int64 array `(examples + 1,)`.
        is_sequence: False where every example is a scalar or an array of one fixed shape, such as a picture.
    """

    def __init__(self, values: np.ndarray, offsets: np.ndarray, is_sequence: bool):
        self.values, self.offsets, self.is_sequence = values, offsets, is_sequence

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Timesteps of each example, int64 `(examples,)`."""
        return np.diff(self.offsets)

    @property
    def dtype(self) -> np.dtype:
        """Type of the values in a batch: uint8 is kept, other whole numbers become int32, real numbers float32."""
        if self.values.dtype == np.uint8:
            return self.values.dtype
        return np.dtype(np.float32 if self.values.dtype.kind == "f" else np.int32)

    @functools.cached_property
    def padded_lengths(self) -> np.ndarray:
        """The lengths to which examples are padded, ascending."""
        return padded_lengths(self.lengths)

    def group(self, examples: np.ndarray) -> np.ndarray:
        """Index of the padded length that each of the examples needs, int `(n,)`."""
        return np.searchsorted(self.padded_lengths, self.lengths[examples])

    def take(self, examples: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """The examples as one padded array.

        Returns:
            array `(rows, padded timesteps, ...)` (a column of fixed shape: `(rows, ...)`), of `dtype`, and its mask:
            float32 `(rows, padded timesteps)` or `(rows,)`, 1 for real timesteps and 0 for padding.
        """
        count = len(examples)
        if not self.is_sequence:
            padded = np.zeros((rows, *self.values.shape[1:]), self.dtype)
            padded[:count] = self.values[self.offsets[examples]]
            return padded, (np.arange(rows) < count).astype(np.float32)
        lengths = np.zeros((rows, 1), np.int64)
        starts = np.zeros((rows, 1), np.int64)
        lengths[:count, 0], starts[:count, 0] = self.lengths[examples], self.offsets[examples]
        steps = np.arange(self.padded_lengths[self.group(examples).max()])
        real = steps < lengths  # (rows, padded timesteps)
        padded = np.zeros((*real.shape, *self.values.shape[1:]), self.dtype)
        if len(self.values):
            taken = self.values.take(starts + steps, axis=0, mode="clip")  # runs on into other examples
            np.copyto(padded, taken, casting="unsafe", where=real.reshape(*real.shape, *[1] * (padded.ndim - 2)))
        return padded, real.astype(np.float32)


class Encoded:
    """Many encoded examples.

    Attributes:
        inputs: model input name -> column.
        targets: a column, or None if the targets are unknown.
        weight_per_example: whether the loss weighs examples, not the timesteps of their targets.
    """

    def __init__(self, inputs: dict[str, Column], targets: Column | None, weight_per_example: bool = False):
        self.inputs, self.targets, self.weight_per_example = inputs, targets, weight_per_example
        self.columns = [*inputs.values(), *([targets] if targets else [])]

    def __len__(self) -> int:
        return len(self.columns[0].offsets) - 1


class Batches:
    """Batches `(inputs, targets, weights)`, epoch by epoch; the base of `ByLength` and `streams.Stream`.

    Attributes:
        epoch: number of the epoch of the next pass over the batches; the order depends on it and on the seed.
    """

    epoch = 0
    class_weights: np.ndarray | None = None  # one weight per class, float32 (classes,), if targets are classes

    def __iter__(self) -> Iterator[tuple]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def dataset(self, epochs: range | None = None):
        """The batches of these epochs in succession, as a `tf.data.Dataset` that prefetches some.

        Autotuning is off. There is nothing to tune, its thread sleeps for 10 ms, then 20, 40 and so on, and deleting
        the iterator waits for it to wake up: an epoch would take up to twice as long. A batch is one call into Python;
        `Dataset.from_generator` needs several, which made an epoch of short steps 12 % longer.

        Args:
            epochs: numbers of the epochs; None for the next one, `self.epoch`.
        """
        import tensorflow as tf

        epochs = range(self.epoch, self.epoch + 1) if epochs is None else epochs
        inputs, _, weights = structure = next(iter(self))
        sequences = {name for name, column in self.encoded.inputs.items() if column.is_sequence}
        lengthens = (
            {name: name in sequences for name in inputs},
            self.encoded.targets.is_sequence,
            weights.ndim > 1,
        )
        arrays = list(zip(tf.nest.flatten(structure), tf.nest.flatten(lengthens), strict=True))
        types = [array.dtype for array, _ in arrays]
        shapes = [(None, None, *array.shape[2:]) if long else (None, *array.shape[1:]) for array, long in arrays]
        waiting = iter(())

        def following(number):
            nonlocal waiting
            if number == 0:  # a new iterator over the dataset
                waiting = self._of(epochs)
            return tf.nest.flatten(next(waiting))

        def batch(number):
            tensors = tf.numpy_function(following, [number], types)
            for tensor, shape in zip(tensors, shapes, strict=True):
                tensor.set_shape(shape)
            return tf.nest.pack_sequence_as(structure, tensors)

        options = tf.data.Options()
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1  # batches come one after the other; the cores belong to the steps
        return tf.data.Dataset.range(len(epochs) * len(self)).map(batch).prefetch(4).with_options(options)

    def _of(self, epochs: range) -> Iterator[tuple]:
        for epoch in epochs:
            self.epoch = epoch
            yield from self


def balanced(targets: np.ndarray) -> np.ndarray:
    """Class weights that give every class that occurs the same total weight, and targets a mean weight of 1.

    As scikit-learn's `class_weight="balanced"`: count of all / (classes * count of the class).

    Args:
        targets: class numbers, int array `(targets,)`.

    Returns:
        float32 array `(largest class number + 1,)`; 1 for a class that does not occur.

    Example:
        >>> balanced(np.array([0, 0, 0, 1]))
        array([0.6666667, 2.       ], dtype=float32)
    """
    counts = np.bincount(np.asarray(targets, np.int64))
    weights = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 1).astype(np.float32)


class ByLength(Batches):
    """Batches of examples of similar length, reshuffled every epoch.

    Shuffled examples are sorted by the padded length that they need and cut into batches, and the batches are shuffled.
    Each example occurs once per epoch. The last batch is filled up with rows of padding and weight 0, so that there are
    at most GROUPS different shapes for each sequence of an example.
    """

    def __init__(self, encoded: Encoded, batch_size: int, seed: int | None = None):
        self.encoded, self.batch_size, self.seed = encoded, min(batch_size, len(encoded)), seed

    def __len__(self) -> int:
        return math.ceil(len(self.encoded) / self.batch_size)

    def __iter__(self) -> Iterator[tuple]:
        return (self.assemble(examples) for examples in self.examples())

    def examples(self) -> list[np.ndarray]:
        """The numbers of the examples in each batch of this epoch."""
        count = len(self.encoded)
        random = np.random.default_rng([self.seed, self.epoch]) if self.seed is not None else None
        order = random.permutation(count) if random else np.arange(count)
        groups = [column.group(order) for column in self.encoded.columns if column.is_sequence]
        if groups:
            order = order[np.lexsort(groups[::-1])]
        batches = [order[start : start + self.batch_size] for start in range(0, count, self.batch_size)]
        return [batches[i] for i in random.permutation(len(batches))] if random else batches

    def assemble(self, examples: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """The batch of these examples: inputs by name, targets, weights (None, None if targets are unknown)."""
        inputs = {name: column.take(examples, self.batch_size)[0] for name, column in self.encoded.inputs.items()}
        if self.encoded.targets is None:
            return inputs, None, None
        targets, weights = self.encoded.targets.take(examples, self.batch_size)
        if self.encoded.weight_per_example:
            weights = (np.arange(self.batch_size) < len(examples)).astype(np.float32)
        if self.class_weights is not None:
            weights = weights * self.class_weights[targets]
        return inputs, targets, weights

    def padding(self) -> float:
        """Share of the timesteps of this epoch that are padding, over all sequences of the examples."""
        columns = [column for column in self.encoded.columns if column.is_sequence]
        real = sum(column.lengths.sum() for column in columns)
        total = 0
        for examples in self.examples():
            for column in columns:
                total += self.batch_size * column.padded_lengths[column.group(examples).max()]
        return float(1 - real / total) if total else 0.0


def encode(encoder, examples: Sequence | Iterable, cache: Path | None = None) -> Encoded:
    """All examples as arrays.

    Args:
        encoder: an `Encoder`, or anything with its `encode(example) -> (inputs, targets)`. If it encodes many examples
            faster together than one by one, it also has `encode_all(examples) -> iterator of Encoded`.
        examples: raw examples; read once, in order.
        cache: folder to write the arrays to, and to read them from the next time; they are mapped, not loaded, so a
            data set may be larger than memory. None keeps them in memory.

    Raises:
        ValueError: if there are no examples, or the arrays of one differ from those of the first in name, type or
            shape of a timestep.
    """
    weight_per_example = getattr(encoder, "weight_per_example", False)
    if cache is not None and (cache / "columns.json").exists():
        return _encoded(_read(cache), weight_per_example)
    writers: dict[str, _Writer] = {}
    if hasattr(encoder, "encode_all"):
        for part in encoder.encode_all(examples):
            _add_many(writers, part, cache)
    else:
        for example in examples:
            _add(writers, example, encoder, cache)
    if not writers:
        raise ValueError("there are no examples to encode")
    columns = {name: writer.column() for name, writer in writers.items()}
    if cache is not None:
        described = {name: writer.description() for name, writer in writers.items()}
        files.write_json(cache / "columns.json", described)
    return _encoded(columns, weight_per_example)


def _add(writers: dict[str, _Writer], example, encoder, cache: Path | None) -> None:
    """Encode an example and append each of its arrays to its writer; the first example creates the writers."""
    inputs, targets = encoder.encode(example)
    arrays = {f"input {name}": np.asarray(array) for name, array in inputs.items()}
    if targets is not None:
        arrays["targets"] = np.asarray(targets)
    if not writers:
        fixed = getattr(encoder, "fixed", ())
        for i, (name, array) in enumerate(arrays.items()):
            writers[name] = _Writer(name, array, name.removeprefix("input ") not in fixed, cache, i)
    if arrays.keys() != writers.keys():
        raise ValueError(f"example {str(example)!r:.60} has {sorted(arrays)}, those before it {sorted(writers)}")
    for name, array in arrays.items():
        array = array if writers[name].is_sequence else array[None]
        writers[name].append(array, np.array([len(array)]))


def _add_many(writers: dict[str, _Writer], part: Encoded, cache: Path | None) -> None:
    """Append examples that were encoded together."""
    columns = {f"input {name}": column for name, column in part.inputs.items()} | {"targets": part.targets}
    if not writers:
        for i, (name, column) in enumerate(columns.items()):
            writers[name] = _Writer(name, column.values, column.is_sequence, cache, i)
    for name, column in columns.items():
        writers[name].append(column.values, column.offsets[1:])


def _encoded(columns: dict[str, Column], weight_per_example: bool) -> Encoded:
    inputs = {name.removeprefix("input "): column for name, column in columns.items() if name != "targets"}
    return Encoded(inputs, columns.get("targets"), weight_per_example)


def _read(cache: Path) -> dict[str, Column]:
    described = json.loads((cache / "columns.json").read_text())
    columns = {}
    for name, (file, dtype, shape, is_sequence) in described.items():
        values = _mapped(cache / f"{file}.values", dtype, tuple(shape))
        columns[name] = Column(values, np.memmap(cache / f"{file}.offsets", np.int64, "r"), is_sequence)
    return columns


class _Writer:
    """Collects one column, in memory or in two files: the values, and the offset of each example."""

    def __init__(self, name: str, first: np.ndarray, is_sequence: bool, cache: Path | None, number: int):
        self.name, self.is_sequence = name, is_sequence and first.ndim > 0
        self.dtype, self.tail = first.dtype, first.shape[1:] if self.is_sequence else first.shape
        self.arrays, self.offsets = [], [0]  # not written yet
        self.path = None
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
            self.path = cache / f"{number}.values"
            self.files = [files.temporary_path(path).open("wb") for path in self._paths()]

    def append(self, values: np.ndarray, ends: np.ndarray):
        """Append the values of some examples; `ends` is where each of them ends."""
        dtype, tail = values.dtype, values.shape[1:]
        if dtype != self.dtype or tail != self.tail:
            raise ValueError(f"{self.name} of one example is {dtype} {tail} and was {self.dtype} {self.tail} before")
        self.arrays.append(values)
        self.offsets.extend((self.offsets[-1] + ends).tolist())
        if self.path is not None and len(self.offsets) > _CHUNK:
            self._flush(self.offsets[:-1])
            self.offsets = self.offsets[-1:]

    def _flush(self, offsets: list[int]):
        if self.arrays:
            np.concatenate(self.arrays).tofile(self.files[0])
        np.array(offsets, np.int64).tofile(self.files[1])
        self.arrays = []

    def column(self) -> Column:
        self.shape = (self.offsets[-1], *self.tail)
        if self.path is None:
            values = np.concatenate(self.arrays)
            return Column(values, np.array(self.offsets, np.int64), self.is_sequence)
        self._flush(self.offsets)
        for file, path in zip(self.files, self._paths()):
            file.close()
            os.replace(file.name, path)  # a process beside this one may have written the same
        values = _mapped(self.path, self.dtype, self.shape)
        return Column(values, np.memmap(self._paths()[1], np.int64, "r"), self.is_sequence)

    def _paths(self) -> tuple[Path, Path]:
        return self.path, self.path.with_suffix(".offsets")

    def description(self) -> list:
        return [self.path.stem, self.dtype.str, list(self.shape), self.is_sequence]


def _mapped(path: Path, dtype, shape: tuple) -> np.ndarray:
    """The array in a file; an empty file cannot be mapped."""
    return np.memmap(path, dtype, "r", shape=shape) if math.prod(shape) else np.zeros(shape, dtype)
