"""The runs of the documents: a text read in windows."""

import numpy as np

from common.lessons import samples
from common.prediction.keras_networks import KerasNetwork
from tests import small


def test_windows_give_the_logits_of_the_whole_text_if_the_state_is_carried():
    model, _ = small.model("text_generation")
    for variable in model.trainable_variables:
        variable.assign(np.random.default_rng(0).normal(0, 0.5, variable.shape))
    network, token_ids = KerasNetwork(model), np.arange(4, 24, dtype=np.int32)
    at_once = samples._read(network, token_ids, 20)
    np.testing.assert_allclose(samples._read(network, token_ids, 5), at_once, rtol=0, atol=1e-4)
    reset = samples._read(network, token_ids, 5, carry=False)
    np.testing.assert_allclose(reset[:5], at_once[:5], rtol=0, atol=1e-4)
    assert np.abs(reset[5:] - at_once[5:]).max() > 1e-2
