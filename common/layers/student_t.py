"""The outputs of a network that predicts Student-t distributions."""

from __future__ import annotations

from keras import ops


def student_t(numbers):
    """Location, scale and degrees of freedom of a Student-t distribution for each step, from any real numbers.

    The scale is above 0. The degrees of freedom are above 2, below which the variance is infinite. From zeros they are
    about 5 and the scale is 1, so a dense layer with a kernel of zeros starts there. `losses.StudentT` is the loss
    (a mixture density network with one component: Bishop 1994).

    Args:
        numbers: float tensor `(batch, 3 * horizon)`, three numbers for each step.

    Returns:
        Float tensor `(batch, horizon, 3)`.

    Example:
        >>> student_t(ops.zeros((1, 3))).numpy().astype(float).round(2).tolist()
        [[[0.0, 1.0, 5.05]]]
    """
    location, scale, df = ops.unstack(ops.reshape(numbers, (-1, numbers.shape[-1] // 3, 3)), 3, axis=-1)
    return ops.stack([location, ops.exp(scale), 2 + ops.softplus(df + 3)], axis=-1)
