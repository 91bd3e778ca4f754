"""Layers that the tasks share: the recurrent layers, attention, pooling over time and the tied output.

All take `padding_mask`, a bool array `(batch, timesteps)` that is true where a timestep is real, as an argument of the
call. Padding stands on the right.
"""

from common.layers.attention import Attention, AttentionPooling
from common.layers.pooling import MaskedAveragePooling
from common.layers.recurrent import CELLS, Recurrent, recurrent
from common.layers.tied import TiedOutput

__all__ = ["CELLS", "Attention", "AttentionPooling", "MaskedAveragePooling", "Recurrent", "TiedOutput", "recurrent"]
