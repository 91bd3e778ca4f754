"""Calendar features of a time: its phase in the day, the week and the year, and the climatology at that phase."""

from __future__ import annotations

import dataclasses

import numpy as np

from common.datasets.time_series import DAY, Step
from common.errors import UserError

YEAR = 365.25  # days
MOST_SECONDS = 10**10  # of a step: three hundred years
WAVES = {"year": 3, "week": 2, "day": 3}  # harmonics of the climatology


def phases(times: np.ndarray, step: Step) -> dict[str, np.ndarray]:
    """Phases in the cycles that are longer than a step, each from 0 to 1.

    Args:
        times: datetime64[s] array `(rows,)`.

    Returns:
        `year`, `week` and `day`; a step of a day has no `day`, and a step of months has neither `week` nor `day`.
    """
    days = times.astype("datetime64[D]")
    found = {}
    if step.unit != "month" or step.count < 12:
        found["year"] = (times - times.astype("datetime64[Y]")).astype(float) / (YEAR * DAY)
    if step.unit == "business day" or (step.unit == "second" and step.count <= DAY):
        found["week"] = ((days.astype(int) + 3) % 7 + (times - days).astype(float) / DAY) / 7  # 1970-01-01: a Thursday
    if step.unit == "second" and step.count < DAY:
        found["day"] = (times - days).astype(float) / DAY
    return found


def calendar(times: np.ndarray, step: Step) -> np.ndarray:
    """Sine and cosine of every phase, float `(rows, 2 * cycles)`; `(rows, 0)` for a step of a year."""
    waves = [wave(2 * np.pi * phase) for phase in phases(times, step).values() for wave in (np.sin, np.cos)]
    return np.stack(waves, axis=1) if waves else np.zeros((len(times), 0))


@dataclasses.dataclass(frozen=True)
class Climatology:
    """The usual value at a time: harmonics of year, week and day, and of the day as it changes over the year.

    Attributes:
        step: of the series, count and unit.
        cycles: those of `phases` that the series covers at least twice.
        weights: of the harmonics, fitted by least squares.
    """

    step: Step
    cycles: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def fit(cls, times: np.ndarray, values: np.ndarray, step: Step) -> Climatology:
        """The climatology of a series.

        Args:
            times: datetime64[s] array `(rows,)`, ascending.
            values: float array `(rows,)`; NaN is ignored.
        """
        lasting = (times[-1] - times[0]).astype(float) / DAY
        lengths = {"year": YEAR, "week": 7, "day": 1}
        cycles = tuple(name for name in phases(times[:1], step) if lasting >= 2 * lengths[name] - 31)
        known = np.isfinite(values)
        waves = _waves(times[known], step, cycles)
        # A small ridge penalty: where few phases occur, such as twelve months, harmonics are not independent.
        product = waves.T @ waves + 1e-6 * known.sum() * np.eye(waves.shape[1])
        return cls(step, cycles, tuple(np.linalg.solve(product, waves.T @ values[known]).tolist()))

    def usual(self, times: np.ndarray) -> np.ndarray:
        """The usual values at these times, float `(rows,)`."""
        return _waves(times, self.step, self.cycles) @ np.array(self.weights)

    def to_json(self) -> dict:
        step = dataclasses.asdict(self.step)
        return {"step": step, "cycles": list(self.cycles), "weights": list(self.weights)}

    @classmethod
    def from_json(cls, data: dict) -> Climatology:
        """The climatology that `to_json` wrote.

        Raises:
            UserError: if `data` is anything else.
        """
        match data:
            case {
                "step": {"count": int(count), "unit": "second" | "month" | "business day" as unit},
                "cycles": list(cycles),
                "weights": list(weights),
            } if (
                0 < count <= MOST_SECONDS
                and all(cycle in tuple(WAVES) for cycle in cycles)
                and all(isinstance(value, float) and np.isfinite(value) for value in weights)
                and len(weights) == _waves(np.zeros(1, "datetime64[s]"), Step(count, unit), tuple(cycles)).shape[1]
            ):
                return cls(Step(count, unit), tuple(cycles), tuple(weights))
        raise UserError("The climatology of this run is damaged: train again.")


def _waves(times: np.ndarray, step: Step, cycles: tuple[str, ...]) -> np.ndarray:
    """Harmonics of the cycles, a constant, and the products of those of year and day, `(rows, harmonics)`."""
    found = {"": np.ones((len(times), 1))}
    for name, phase in phases(times, step).items():
        if name in cycles:
            angles = 2 * np.pi * phase[:, None] * np.arange(1, WAVES[name] + 1)
            found[name] = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    if "year" in found and "day" in found:
        products = found["year"][:, :, None] * found["day"][:, None, :]
        found["both"] = products.reshape(len(times), -1)
    return np.concatenate(list(found.values()), axis=1)
