"""Numbers of the documents from short trainings of the tasks on their embedded samples, in Keras.

Rounding differs between machines and a training amplifies the difference, so most numbers have a tolerance.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from scipy.special import log_softmax

from common.encoding import batching
from common.lessons.documents import Measured, number
from common.prediction import keras_networks, language_model
from common.prediction.networks import Network
from common.prediction.onnx_networks import OnnxNetwork
from common.runs import onnx_writer
from common.runs.run import Run
from common.task import change_config, load_task
from common.training import fitting

WINDOW = 32  # characters after which the state is reset
CHARACTERS, STEPS = 20_000, 60  # of the test text: for the perplexity, and read one at a time
RAREST = 3  # tags


def measure() -> dict[str, Measured]:
    """All of them by name."""
    return {**_language_model(), **_tags(), **_seeds()}


def trained(name: str, changes: dict, balanced: bool = False) -> tuple:
    """A task trained on its sample.

    Args:
        changes: of its settings.
        balanced: whether classes are weighted by the inverse of their frequency.

    Returns:
        The task, its config, its splits, the encoder and the model.
    """
    task = load_task(name)
    config = change_config(task.config, changes)
    splits = task.datasets["sample"].load(None)
    encoder = task.encoder.fit(config, splits.train)
    keras.utils.set_random_seed(config.seed)
    model = task.build_model(config, encoder)
    train, validation = (batching.encode(encoder, part) for part in (splits.train, splits.validation))
    batches = encoder.batches(train, config.batch_size, config.seed)
    validated = encoder.batches(validation, config.batch_size)
    if balanced:
        batches.class_weights = validated.class_weights = batching.balanced(train.targets.values)
    with tempfile.TemporaryDirectory() as folder:
        fitting.fit(model, batches, validated, config, Run(Path(folder)), Console(quiet=True))
    return task, config, splits, encoder, model


def _language_model() -> dict[str, Measured]:
    """Perplexity with carried and with reset state, and an exported network that reads one step at a time."""
    _, _, splits, encoder, model = trained("text_generation", {"epochs": 2})
    network = OnnxNetwork(onnx_writer.file_of(model))
    encoded = [encoder.encode(passage) for passage in splits.test]
    token_ids = np.concatenate([inputs["token_ids"] for inputs, _ in encoded])[:CHARACTERS]
    targets = np.concatenate([targets for _, targets in encoded])[:CHARACTERS]
    at_once = _read(network, token_ids[:STEPS], STEPS)
    one_by_one = _read(network, token_ids[:STEPS], 1)
    difference = float(np.abs(at_once - one_by_one).max())
    carried, reset = (_perplexity(_read(network, token_ids, WINDOW, carry), targets) for carry in (True, False))
    states = ", ".join(name for name in network.inputs if name != "token_ids")
    return {
        "perplexity_carried": number(carried, 2, 0.5),
        "perplexity_reset": number(reset, 2, 0.5),
        "perplexity_window": number(WINDOW, 0),
        "step_states": Measured(states),
        "stepwise_difference": number(difference, 6, 2e-5),
    }


def _read(network: Network, token_ids: np.ndarray, window: int, carry: bool = True) -> np.ndarray:
    """The logits `(timesteps, vocab_size)` of a text that is read in windows."""
    states, logits = language_model.fresh_states(network, 1), []
    for start in range(0, len(token_ids), window):
        outputs = network({"token_ids": token_ids[None, start : start + window], **states})
        logits.append(outputs["logits"][0])
        if carry:
            states = {name: outputs[name] for name in states}
    return np.concatenate(logits)


def _perplexity(logits: np.ndarray, targets: np.ndarray) -> float:
    logs = np.take_along_axis(log_softmax(logits.astype(float), axis=-1), targets[:, None], axis=-1)
    return float(np.exp(-logs.mean()))


def _tags() -> dict[str, Measured]:
    """F1 of the rarest tags after one epoch, without and with class weights, and the accuracy over all words."""
    measured = {}
    for name, balanced in (("plain", False), ("weighted", True)):
        task, config, splits, encoder, model = trained("pos_tagging", {"epochs": 1, "units": 24}, balanced)
        predictions = task.predict(config, keras_networks.of_model(model), encoder, splits.test)
        tags = [tag for example in splits.test for tag in example.tags]
        predicted = [word["tag"] for prediction in predictions for word in prediction["words"]]
        counts, guessed = Counter(tags), Counter(predicted)
        right = Counter(tag for tag, guess in zip(tags, predicted) if tag == guess)
        rarest = sorted(counts, key=counts.get)[:RAREST]
        f1 = np.mean([2 * right[tag] / (counts[tag] + guessed[tag]) for tag in rarest])
        measured[f"rare_{name}"] = number(float(f1), 2, 0.15)
        measured[f"accuracy_{name}"] = number(100 * right.total() / len(tags), 1, 3)
    shares = ", ".join(f"{tag} {100 * counts[tag] / len(tags):.1f} %" for tag in rarest)
    return {**measured, "rare_tags": Measured(shares)}


def _seeds() -> dict[str, Measured]:
    """The largest difference between the weights of two trainings with the same seed, and with two seeds."""
    first, again, other = (
        trained("sentiment", {"epochs": 1, "units": 16, "seed": seed})[-1].get_weights() for seed in (0, 0, 1)
    )

    def difference(one, two) -> float:
        return max(float(np.abs(a - b).max()) for a, b in zip(one, two))

    return {
        "same_seed_difference": number(difference(first, again), 1),
        "other_seed_difference": number(difference(first, other), 1, 0.5),
    }
