"""Only the matrix products of a training step: a lower bound for every implementation."""

from __future__ import annotations

import tensorflow as tf

GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}


def step(cell, batch, timesteps, vocab_size, embedding_size, units):
    """Products of the recurrent layer, forward and backward, at one length."""
    wide = GATES[cell] * units
    inputs, kernel = tf.random.normal((batch * timesteps, embedding_size)), tf.random.normal((embedding_size, wide))
    errors, states = tf.random.normal((batch * timesteps, wide)), tf.random.normal((batch * timesteps, units))
    state, recurrent = tf.random.normal((batch, units)), tf.random.normal((units, wide))
    error = tf.random.normal((batch, wide))

    @tf.function
    def products():
        large = [
            tf.matmul(inputs, kernel),  # projection of all inputs
            tf.matmul(errors, kernel, transpose_b=True),  # error of the inputs
            tf.matmul(inputs, errors, transpose_a=True),  # gradient of the kernel
            tf.matmul(states, errors, transpose_a=True),  # gradient of the recurrent kernel
        ]
        small = tf.constant(0.0)
        for _ in tf.range(timesteps):
            forward = tf.matmul(state + small, recurrent)
            backward = tf.matmul(error + small, recurrent, transpose_b=True)
            small = 0.0 * (forward[0, 0] + backward[0, 0])  # each step depends on the previous one
        return [product[0, 0] for product in large], small

    def run(repeats):
        for _ in range(repeats):
            products()

    return run
