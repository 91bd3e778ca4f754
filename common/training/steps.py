"""Several steps of a model in one call from Python: training steps, and measurements at inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tensorflow as tf

from common.encoding.batching import Batches

STEPS_PER_CALL = 8  # a call from Python costs about as much as the shortest steps, 0.3 to 1 ms


def build_metrics(model, dataset: tf.data.Dataset) -> None:
    """Create the variables of a model's metrics. Otherwise its first step does, which TensorFlow then traces twice.

    Args:
        model: compiled keras.Model.
        dataset: of batches of the model.
    """
    _, targets, weights = dataset.element_spec
    outputs = tf.nest.map_structure(lambda output: tf.TensorSpec(output.shape, output.dtype), model.output)
    update = tf.function(lambda *given: model.compute_metrics(None, *given), autograph=False)
    update.get_concrete_function(targets, outputs, weights)


def training(model) -> Callable:
    """The training steps of a compiled model.

    Returns:
        A function `(iterator, count) -> logs`: it takes `count` steps, an int32 tensor of at least 1, on the next
        batches of an iterator over `Batches.dataset`; `logs` are the loss and the metrics after the last step.
    """
    one = tf.function(model.train_step, reduce_retracing=True, jit_compile=model.jit_compile, autograph=False)

    @tf.function(autograph=False)
    def several(iterator, count):
        def step(done, _):
            return done + 1, one(iterator.get_next())

        return tf.while_loop(lambda done, _: done < count, step, step(0, None))[1]

    return several


def passes(model, batches: Batches, epochs: range) -> Callable[[int], Iterator[tuple[int, dict[str, float]]]]:
    """Training epoch by epoch, with one iterator over all epochs, since creating one takes 10 ms.

    Returns:
        A function to be called for each epoch in turn. It takes the steps of the epoch, and yields the number of steps
        taken, and the loss and metrics so far.
    """
    iterator, several = iter(batches.dataset(epochs)), training(model)

    def one_pass(epoch):
        model.reset_metrics()
        for done, logs in calls(several, iterator, len(batches)):
            yield done, {name: float(value) for name, value in logs.items()}

    return one_pass


def measuring(model) -> Callable:
    """The measurement of a compiled model, as a function `(iterator, count) -> (weight, sums)`.

    Each batch is measured separately: `weight` is the sum of all weights of the batches, float64, and `sums` is the
    loss and each metric of a batch times the weight of that batch, summed over the batches. The metrics must be built
    and reset before, and are reset afterwards.
    """

    def measure(batch):
        return model.distribute_strategy.run(model.test_step, args=(batch,))

    one = tf.function(measure, reduce_retracing=True, jit_compile=model.jit_compile, autograph=False)

    @tf.function(autograph=False)
    def several(iterator, count):
        def weighted():
            batch = iterator.get_next()
            logs = one(batch)
            model.reset_metrics()  # each batch alone
            weight = tf.cast(tf.reduce_sum(batch[2]), tf.float64)
            return weight, {name: tf.cast(value, tf.float64) * weight for name, value in logs.items()}

        def step(done, sums):
            return done + 1, tf.nest.map_structure(tf.add, sums, weighted())

        return tf.while_loop(lambda done, _: done < count, step, (1, weighted()))[1]

    return several


def calls(several: Callable, iterator, total: int) -> Iterator[tuple[int, object]]:
    """Run `several` over the next `total` batches; yields the number of batches done and the result after each call."""
    for done in range(0, total, STEPS_PER_CALL):
        count = min(STEPS_PER_CALL, total - done)
        yield done + count, several(iterator, tf.constant(count))
