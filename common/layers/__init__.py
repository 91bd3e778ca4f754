"""Layers shared by the tasks: recurrent layers, attention, pooling, tied and Student-t outputs, a CRF over tags.

A layer whose result depends on which timesteps are real takes `padding_mask` as a call argument: a bool array
`(batch, timesteps)`, true where a timestep is real. Sequences are padded on the right.
"""

from common.layers.adaptive import AdaptiveOutput
from common.layers.attention import Attention, AttentionPooling
from common.layers.crf import CRF, TransitionLoss, Transitions
from common.layers.frames import FoldFrames, UnfoldFrames
from common.layers.per_timestep import PerTimestep
from common.layers.pooling import MaskedAveragePooling, MaskedMaxPooling
from common.layers.recurrent import CELLS, Recurrent, recurrent
from common.layers.student_t import student_t
from common.layers.tied import TiedOutput
from common.layers.token_dropout import TokenDropout

__all__ = [
    "CELLS",
    "CRF",
    "AdaptiveOutput",
    "Attention",
    "AttentionPooling",
    "FoldFrames",
    "MaskedAveragePooling",
    "MaskedMaxPooling",
    "PerTimestep",
    "Recurrent",
    "TiedOutput",
    "TokenDropout",
    "TransitionLoss",
    "Transitions",
    "UnfoldFrames",
    "recurrent",
    "student_t",
]
