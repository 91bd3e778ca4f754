"""PyTorch with packed sequences, as in its documentation. Runs in a separate environment."""

from __future__ import annotations

import itertools
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from bench.work import Accuracy, random_batch, sentences

CELLS = {"simple_rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class _Classifier(nn.Module):
    """Embedding, recurrent layer, its last state (or the mean over both directions), two logits."""

    def __init__(self, cell, vocab_size, embedding_size, units, mean=False, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_size, padding_idx=0)
        self.recurrent = CELLS[cell](embedding_size, units, batch_first=True, bidirectional=mean)
        self.output = nn.Linear(2 * units if mean else units, 2)
        self.dropout, self.mean = nn.Dropout(dropout), mean

    def forward(self, token_ids, lengths=None):
        x = self.dropout(self.embedding(token_ids))
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        outputs, state = self.recurrent(x)
        if self.mean:
            outputs, lengths = pad_packed_sequence(outputs, batch_first=True)
            return self.output(self.dropout(outputs.sum(1) / lengths[:, None]))
        return self.output((state[0] if isinstance(state, tuple) else state)[-1])


def _stepper(model, learning_rate=1e-3):
    optimizer, loss = torch.optim.Adam(model.parameters(), learning_rate), nn.CrossEntropyLoss()

    def step(token_ids, lengths, labels):
        optimizer.zero_grad(set_to_none=True)
        loss(model(token_ids, lengths), labels).backward()
        optimizer.step()

    return step


def _batches(texts, labels, batch, random=None):
    order = np.arange(len(texts)) if random is None else random.permutation(len(texts))
    for start in range(0, len(texts), batch):
        chosen = order[start : start + batch]
        padded = pad_sequence([texts[i] for i in chosen], batch_first=True)
        yield padded, torch.tensor([len(texts[i]) for i in chosen]), labels[chosen]


def _tensors(data, split="train"):
    texts, labels, vocab_size = sentences(data, split)
    return [torch.from_numpy(text.astype(np.int64)) for text in texts], torch.from_numpy(labels).long(), vocab_size


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Training steps at one length."""
    token_ids, labels = (torch.from_numpy(array).long() for array in random_batch(batch, timesteps, vocab_size))
    one = _stepper(_Classifier(cell, vocab_size, embedding_size, units))

    def run(repeats):
        for _ in range(repeats):
            one(token_ids, None, labels)

    return run


def epoch(cell, data, batch, embedding_size, units):
    """One pass over real sentences."""
    texts, labels, vocab_size = _tensors(data)
    one, random = _stepper(_Classifier(cell, vocab_size, embedding_size, units)), np.random.default_rng(0)

    def run(repeats):
        for _ in range(repeats):
            for rows in _batches(texts, labels, batch, random):
                one(*rows)

    return run


def accuracy(cell, data, batch, embedding_size, units, dropout, learning_rate, target, most_epochs):
    """Training until the validation accuracy is reached."""
    texts, labels, vocab_size = _tensors(data)
    others, other_labels, _ = _tensors(data, "validation")
    seeds = itertools.count(1)

    def run(repeats):
        seed = next(seeds)
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        model = _Classifier(cell, vocab_size, embedding_size, units, mean=True, dropout=dropout)
        one, goal, started = _stepper(model, learning_rate), Accuracy(target), time.perf_counter()
        for _ in range(most_epochs):
            for rows in _batches(texts, labels, batch, random):
                one(*rows)
            model.eval()
            with torch.no_grad():
                right = sum(
                    (model(padded, lengths).argmax(1) == truth).sum().item()
                    for padded, lengths, truth in _batches(others, other_labels, 256)
                )
            model.train()
            if goal.reached(right / len(others)):
                break
        return goal.answer(time.perf_counter() - started)

    return run


def predict(cell, timesteps, vocab_size, embedding_size, units):
    """The prediction of one sentence."""
    token_ids = torch.from_numpy(random_batch(1, timesteps, vocab_size)[0]).long()
    model = _Classifier(cell, vocab_size, embedding_size, units).eval()

    def run(repeats):
        with torch.no_grad():
            for _ in range(repeats):
                model(token_ids).numpy()

    return run
