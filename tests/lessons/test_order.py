"""The numbers of the documents from memory probes: gradients of any size are checked."""

import numpy as np
import pytest

from common.insight.network import Network
from common.lessons import order


@pytest.mark.parametrize("median", [1e-12, 3e-5, 0.2, 40.0])
def test_a_distant_gradient_of_another_size_is_out_of_date(median):
    measured = order._distant(np.full((8, order.LENGTH), median))
    assert measured.agrees(f"{median:.2g}") and measured.agrees(f"{1.2 * median:.2g}")
    for factor in (0, 1e-3, 0.4, 2, 1e3):
        assert not measured.agrees(f"{factor * median:.2g}"), factor


def test_norms_of_a_vanishing_gradient_fall_with_the_distance():
    probe = order.ADDING
    norms = order.norms_by_distance(Network("simple_rnn", probe.features, 8, probe.outputs, gain=0.5), probe)
    np.testing.assert_allclose(norms[:, 0], 1)
    assert (norms <= 0.5 ** np.arange(order.LENGTH + 1) + 1e-12).all()  # the derivative of tanh is at most 1
