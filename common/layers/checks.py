"""Argument checks of the layers: invalid sizes, masks that are not right-padded, and Keras's implicit masks."""

from __future__ import annotations

import inspect
import numbers

import keras
import tensorflow as tf


def positive_int(name: str, value: object) -> int:
    """The value, if it is a whole number of at least 1.

    Raises:
        ValueError: otherwise; names the argument and the value.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive integer, not {value!r}")
    return int(value)


def fraction(name: str, value: object) -> float:
    """The value, if it is a number that is at least 0 and below 1.

    Raises:
        ValueError: otherwise; names the argument and the value.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, not {value!r}")
    return value


def lengths(padding_mask, sequence, training) -> tf.Tensor | None:
    """The number of real timesteps in each row, int32 `(batch,)`; None if there is no mask.

    Eager calls and calls at inference check that the mask is right-padded. Only the graph of a training step does not,
    since the check would take time in every step: to check the masks used in training, call the layer once directly,
    or compile the model with `run_eagerly=True`.

    Args:
        padding_mask: bool array `(batch, timesteps)`, or None.
        sequence: array `(batch, timesteps, ...)` that the mask belongs to.
        training: whether this is a training step.

    Raises:
        ValueError: if the shapes of mask and sequence differ; in an eager call also if it is not right-padded.
        tf.errors.InvalidArgumentError: in a graph, if the mask is not right-padded.
    """
    if padding_mask is None:
        return None
    mask = tf.cast(padding_mask, tf.bool)
    if not mask.shape.is_compatible_with(sequence.shape[:2]):
        expected = tuple(sequence.shape[:2])
        raise ValueError(f"padding_mask must have the shape (batch, timesteps) {expected}, not {tuple(mask.shape)}")
    is_eager = tf.executing_eagerly()
    if is_eager or not training:
        is_right_padded = tf.reduce_all(mask[:, :-1] | ~mask[:, 1:])
        message = "padding_mask must be right-padded: in each row, true for the real timesteps and false after them"
        if not is_eager:
            tf.debugging.Assert(is_right_padded, [message])
        elif not is_right_padded:
            raise ValueError(message)
    return tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)


def with_a_timestep(sequence: tf.Tensor) -> tf.Tensor:
    """`(batch, timesteps, ...)` unchanged, or with one timestep of zeros if there is none.

    TensorFlow makes no copy of an array that is padded by zero elements or sliced to its own size.
    """
    if sequence.shape[1]:
        return sequence
    missing = tf.cast(tf.equal(tf.shape(sequence)[1], 0), tf.int32)
    padded = tf.pad(sequence, [(0, 0), (0, missing), *[(0, 0)] * (len(sequence.shape) - 2)])
    padded.set_shape((sequence.shape[0], None, *sequence.shape[2:]))
    return padded


def unless_empty(sequence: tf.Tensor, arrays, others) -> list[tf.Tensor]:
    """The arrays, or `others` if the sequence `(batch, timesteps, ...)` has no timesteps."""
    if sequence.shape[1]:
        return list(arrays)
    return [tf.where(tf.shape(sequence)[1] > 0, *pair) for pair in zip(arrays, others, strict=False)]


def cut_timesteps(sequence: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """`(batch, timesteps, ...)` with as many timesteps as `like` has; undoes `with_a_timestep`."""
    if like.shape[1]:
        return sequence
    size = [-1, tf.shape(like)[1], *[-1] * (len(sequence.shape) - 2)]
    cut = tf.slice(sequence, [0] * len(sequence.shape), size)
    cut.set_shape((sequence.shape[0], like.shape[1], *sequence.shape[2:]))
    return cut


class ExplicitMask(keras.layers.Layer):
    """Base of the layers that take `padding_mask`: refuses the mask that Keras attaches to an array.

    `Embedding(mask_zero=True)` and `Masking` attach one; a layer that ignored it would read padding as data.
    """

    def __call__(self, *args, **kwargs):
        given = {**dict(zip(inspect.signature(self.call).parameters, args, strict=False)), **kwargs}
        if given.get("padding_mask") is None:
            for name, value in given.items():
                if any(getattr(array, "_keras_mask", None) is not None for array in keras.tree.flatten(value)):
                    raise ValueError(
                        f"{name} of {type(self).__name__} carries an implicit Keras mask, from "
                        "Embedding(mask_zero=True) or Masking: give the mask as padding_mask instead"
                    )
        return super().__call__(*args, **kwargs)
