"""Every task at a small size for tests: few examples of its embedded sample, few units."""

import dataclasses
import functools
from itertools import islice

import numpy as np
import pytest

from common.datasets.splits import Splits
from common.task import change_config, load_task, task_names

EXAMPLES = {"train": 48, "validation": 16, "test": 16}


def params(names) -> list:
    """Parameters of tests; all tests of one task run in one process, which makes its sample and its run once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


every_task = pytest.mark.parametrize("name", params(task_names()))


def settings(config) -> dict:
    """Changes to a config: eight units and features wherever it counts units or features, narrow beams; same seed."""
    names = [field.name for field in dataclasses.fields(config)]
    sizes = [name for name in names if name.endswith(("units", "embedding_size"))]
    beams = [name for name in names if name == "beam_width"]
    return {**dict.fromkeys(sizes, 8), **dict.fromkeys(beams, 2), "batch_size": 16, "epochs": 2}


def settings_as_text(name: str) -> dict[str, str]:
    """The settings of a task as `train` takes them."""
    return {key: str(value) for key, value in settings(load_task(name).config).items()}


@functools.cache
def sample(name: str) -> Splits:
    """The whole embedded sample of a task."""
    task = load_task(name)
    return next(iter(task.datasets.values())).load(None)


@functools.cache
def setting(name: str):
    """Task, small config, few examples of each split, and the encoder fitted on the few of train."""
    task = load_task(name)
    config = change_config(task.config, settings(task.config))
    few = Splits(*(list(islice(examples, EXAMPLES[split])) for split, examples in sample(name)))
    return task, config, few, task.encoder.fit(config, few.train)


@functools.cache
def untrained(name: str):
    """A model of the task with random weights, kept as it is, and its networks, which are traced once."""
    from common.prediction.keras_networks import of_model

    made, _ = model(name)
    random = np.random.default_rng(0)
    for weight in made.trainable_variables:  # some outputs begin with a kernel of zeros
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    return made, of_model(made)


def model(name: str, **changes):
    """A fresh model of the task with seed 0, and its config."""
    import keras

    task, config, _, encoder = setting(name)
    config = change_config(config, changes)
    keras.utils.set_random_seed(0)
    return task.build_model(config, encoder), config
