"""Data-parallel training: each process computes its rows of every batch, and all take the same step.

The engine is `tf.distribute.MultiWorkerMirroredStrategy`, which finds the other workers through the environment
variable TF_CONFIG. Every worker has a whole model with the same initial weights; since all workers apply the same sum
of gradients, the weights stay equal without being sent. Only worker 0 writes files.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np

from common import backend
from common.errors import UserError

_POLL = 0.2  # seconds between checks of the workers


def start(count: int, arguments: list[str]) -> None:
    """Run `python -m tasks <arguments>` in `count` processes on this machine until all have ended.

    Only worker 0 prints; the other workers' stdout is discarded. The error output of one worker is shown at the end: of
    the one that failed, or of worker 0.

    Raises:
        UserError: if a worker is lost; the others are stopped.
        SystemExit: with code 2 if a worker ended with a user error, which all workers may have met.
    """
    ports = _free_ports(count)
    workers = []
    with contextlib.ExitStack() as stack:
        errors = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
        try:
            for index in range(count):
                cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
                config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
                environment = {**os.environ, "TF_CONFIG": config}
                output = None if index == 0 else subprocess.DEVNULL
                command = [sys.executable, "-m", "tasks", *arguments]
                workers.append(subprocess.Popen(command, env=environment, stdout=output, stderr=errors[index]))
            while not any(codes := [worker.poll() for worker in workers]) and None in codes:
                time.sleep(_POLL)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        failed = 2 if 2 in codes else next(filter(None, codes), 0)
        shown = codes.index(failed)
        errors[shown].seek(0)
        sys.stderr.write(errors[shown].read().decode(errors="backslashreplace"))
    if failed == 2:
        sys.exit(2)
    if failed:
        raise UserError(
            f"Worker {shown} of {count} was lost (exit code {failed}). "
            f"Continue from the last complete epoch: add RESUME=1 WORKERS={count}"
        )


class Cluster:
    """This process among the workers.

    Attributes:
        index: 0 for the worker that writes.
        count: number of workers.
    """

    def __init__(self):
        backend.load()
        import tensorflow as tf

        config = json.loads(os.environ["TF_CONFIG"])
        self.index, self.count = config["task"]["index"], len(config["cluster"]["worker"])
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    def rows(self, batch: tuple) -> tuple[tuple, np.float32]:
        """This worker's rows of a batch `(inputs, targets, weights)`, and its share of the weight of all rows."""
        inputs, targets, weights = batch
        mine = slice(self.index, None, self.count)
        share = weights[mine].sum() / weights.sum()
        return ({name: array[mine] for name, array in inputs.items()}, targets[mine], weights[mine]), np.float32(share)

    def step(self, model):
        """`(rows, share) -> loss of the whole batch`: one joint step of all workers.

        Each worker's mean loss is weighted by its share of the weights, so loss and gradient are those of the whole
        batch in one process; gradients are summed before they are clipped.
        """
        import tensorflow as tf

        def gradients(rows, share):
            with _held(model.optimizer, share * self.count) as held:
                model.train_step(rows)
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, [tf.convert_to_tensor(each) for each in held])

        @tf.function(reduce_retracing=True)
        def step(rows, share):
            loss, *summed = self.strategy.run(gradients, (rows, share))
            model.optimizer.apply(summed, model.trainable_weights)
            return loss

        return step


def join() -> Cluster | None:
    """This process's place among the workers; None without TF_CONFIG. Must be called before any use of TensorFlow."""
    return Cluster() if "TF_CONFIG" in os.environ else None


@contextlib.contextmanager
def _held(optimizer, scale) -> Iterator[list]:
    """Collects the scaled loss and the gradients that a `train_step` would have applied."""
    held, scaled = [], optimizer.scale_loss

    def scale_loss(loss):
        held.append(loss * scale)
        return scaled(held[0])

    def apply_gradients(pairs):
        held.extend(gradient for gradient, _ in pairs)

    optimizer.scale_loss, optimizer.apply_gradients = scale_loss, apply_gradients
    try:
        yield held
    finally:
        del optimizer.scale_loss, optimizer.apply_gradients


def _free_ports(count: int) -> list[int]:
    """Unused ports of the loopback address."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
