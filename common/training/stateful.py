"""A stateful language model: its state is carried over from one batch to the next."""

from __future__ import annotations

import keras
import tensorflow as tf


class StatefulModel(keras.Model):
    """A model that starts each batch in the final states of the batch before (truncated back-propagation through time).

    It is built like any functional model, with the inputs `token_ids` and one for each state, and the outputs `logits`,
    `hidden` (from which the logits are computed) and, under the names of their inputs, the final states. In training
    and validation the states come from the batch before; `streams.Stream` marks the first batch of a pass, which starts
    from zeros. No gradient flows back through them. The states are not weights: they are not saved, and they adapt to
    any number of rows. A direct call of the model takes states as inputs and returns the final ones.
    """

    def compile(self, *args, reduced_loss=None, **kwargs):
        """As in Keras.

        Args:
            reduced_loss: `(hidden, targets) -> nats` of each target, used in training instead of the loss over the
                logits, which are then not computed; such as `AdaptiveOutput.nats`.
        """
        super().compile(*args, **kwargs, jit_compile=False)  # the number of rows of the states may vary
        self._reduced_loss = reduced_loss

    def train_step(self, data):
        inputs, *rest = data
        return super().train_step((self._with_states(inputs), *rest))

    def test_step(self, data):
        inputs, *rest = data
        return super().test_step((self._with_states(inputs), *rest))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        for name, state in self._states.items():
            state.assign(y_pred[name])
        if training and self._reduced_loss is not None:
            nats = self._reduced_loss(y_pred["hidden"], y)
            mean = tf.math.divide_no_nan(tf.reduce_sum(nats * sample_weight), tf.reduce_sum(sample_weight))
            return mean / tf.distribute.get_strategy().num_replicas_in_sync  # as Keras divides its own losses
        return super().compute_loss(x, y, y_pred["logits"], sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    def fresh_states(self, rows: int) -> dict:
        """State name -> zeros `(rows, units)`."""
        return {tensor.name: tf.zeros((rows, tensor.shape[1])) for tensor in self.inputs if tensor.name != "token_ids"}

    def _with_states(self, inputs):
        """The model's inputs for a batch of a stream, including the states."""
        if not hasattr(self, "_states"):
            with tf.init_scope():
                self._states = {
                    name: tf.Variable(state, shape=(None, state.shape[1]), trainable=False)
                    for name, state in self.fresh_states(0).items()
                }
        fresh = self.fresh_states(tf.shape(inputs["token_ids"])[0])
        carried = tf.reduce_any(inputs["carried"] > 0)
        states = {
            name: tf.ensure_shape(tf.cond(carried, state.read_value, lambda name=name: fresh[name]), state.shape)
            for name, state in self._states.items()
        }
        return {"token_ids": inputs["token_ids"], **states}
