"""Find DNA sequences that overlap, such as windows cut from one gene, which must not be in two splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SHARED = 30  # bases in a row that two sequences hardly have in common unless they were cut from one place
BASES = "ACGT"


def sets(sequences: Sequence[str], groups: Sequence[str]) -> list[int]:
    """The number of the set to which each sequence belongs, from 0.

    Sequences that have `SHARED` bases in a row in common, on the same strand or on opposite ones, belong to one set,
    and so do equal ones and those of one group, directly or through others. A shared stretch with a letter other than
    A, C, G and T is not counted.

    Args:
        sequences: bases of each.
        groups: name of each sequence's group; "" if it has none.

    Example:
        >>> sets(["ACGTT" * 10, "C" * 40, "GG" + "ACGTT" * 6, "T", "A", "G" * 30], ["", "", "", "gene", "gene", ""])
        [0, 1, 0, 2, 2, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(sequences)
    named = [group or f"{number} alone" for number, group in enumerate(groups)]
    equal, grouped = (
        _neighbours(np.unique(keys, return_inverse=True)[1], np.arange(count)) for keys in (sequences, named)
    )
    one, other = np.concatenate([equal, grouped, _neighbours(*_stretches(sequences))], axis=1)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count))
    return connected_components(graph, directed=False)[1].tolist()


def _stretches(sequences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Every stretch of `SHARED` bases as a number, and the number of its sequence.

    The number has two bits for each base. A stretch and its reverse complement, the same place read on the other
    strand, have one number: the smaller of the two.
    """
    code = np.full(256, len(BASES), np.uint64)
    code[[ord(base) for base in BASES]] = range(len(BASES))
    powers = np.uint64(len(BASES)) ** np.arange(SHARED, dtype=np.uint64)
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, int)]
    for number, bases in enumerate(sequences):
        if len(bases) < SHARED:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(code[np.frombuffer(bases.encode(), np.uint8)], SHARED)
        windows = windows[(windows < len(BASES)).all(axis=1)]
        opposite = (np.uint64(len(BASES) - 1) - windows) @ powers[::-1]  # A pairs with T, C with G
        keys.append(np.minimum(windows @ powers, opposite))
        owners.append(np.full(len(windows), number))
    return np.concatenate(keys), np.concatenate(owners)


def _neighbours(keys: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Pairs of owners of one key, enough to connect them all, int `(2, pairs)`."""
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    same = keys[1:] == keys[:-1]
    return np.stack([owners[:-1][same], owners[1:][same]])
