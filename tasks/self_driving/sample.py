"""Generated roads with curves seen from a car, and a driver who stays on them.

The road lies on a plane and is seen through a pinhole camera. The unit of length is half the width of the road. The
driver steers towards a point on the middle line ahead (pure pursuit: Coulter 1992, a report of Carnegie Mellon
University). While a drive is recorded, gusts push the car aside; the recorded angle is the driver's reaction, so that
recordings show how to recover. Every few frames the sun blinds the camera for a moment, and the model must remember
what it saw before. No curve of test occurs in train: every road is random.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np

from common.datasets.splits import Splits

HEIGHT, WIDTH = 30, 40  # pixels of a frame
ROADS = {"train": 26, "validation": 5, "test": 12}
FRAMES = 90  # frames of a drive
SPEED = 0.45  # length per frame
TURN = 0.4  # curvature of the car's path at an angle of 1
AHEAD = 2.5  # distance to the point that the driver steers towards
STEP = 0.25  # distance between points of the middle line
HORIZON, FOCAL, CAMERA = 9, 24.0, 1.0  # row and focal length in pixels; height of the camera above the road
NEAREST, FARTHEST = 1.0, 10.0  # distances between which the camera sees the road
BLINDED, BLIND = 0.12, (3, 7)  # probability that blinding begins in a frame, and its length in frames


@dataclasses.dataclass(frozen=True)
class Road:
    """A middle line on a plane, and the light; both are determined by the seed."""

    seed: int

    @functools.cached_property
    def line(self) -> np.ndarray:
        """Points of the middle line, `STEP` apart, float array `(points, 2)`."""
        random = np.random.default_rng([self.seed, 0])
        count = int((FRAMES * SPEED + 2 * FARTHEST) / STEP)
        curvature = np.zeros(count)
        place = int(4 / STEP)
        while place < count:
            length = int(random.uniform(4, 11) / STEP)
            curvature[place : place + length] = random.choice((-1, 1)) * random.uniform(0.03, 0.22)
            place += length + int(random.uniform(0, 5) / STEP)
        smooth = np.ones(9) / 9
        heading = np.cumsum(np.convolve(curvature, smooth, "same")) * STEP
        return np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * STEP, axis=0)

    @functools.cached_property
    def light(self) -> dict[str, np.ndarray]:
        """For every frame whether the camera is blinded, and the shades of road, line and grass."""
        random = np.random.default_rng([self.seed, 1])
        blinded = np.zeros(FRAMES, bool)
        frame = BLIND[1]
        while frame < FRAMES:
            if random.random() < BLINDED:
                length = int(random.integers(BLIND[0], BLIND[1] + 1))
                blinded[frame : frame + length] = True
                frame += length
            frame += 1
        road, grass = random.uniform(90, 130), random.uniform(40, 70)
        return {"blinded": blinded, "shades": np.array([road, random.uniform(190, 250), grass, 160.0])}

    def start(self) -> np.ndarray:
        """Initial position of a car: x, y and heading."""
        ahead = self.line[1] - self.line[0]
        return np.array([*self.line[0], np.arctan2(ahead[1], ahead[0])])

    def nearest(self, car: np.ndarray) -> int:
        """Number of the point of the middle line that is nearest to the car."""
        return int(((self.line - car[:2]) ** 2).sum(axis=1).argmin())

    def offset(self, car: np.ndarray) -> float:
        """Distance of the car to the left of the middle line; beyond 1 or -1 it is off the road."""
        near = min(self.nearest(car), len(self.line) - 2)
        along = self.line[near + 1] - self.line[near]
        across = car[:2] - self.line[near]
        return float((along[0] * across[1] - along[1] * across[0]) / STEP)

    def seen_from(self, car: np.ndarray, reach: float) -> np.ndarray:
        """The middle line ahead in the coordinates of the car, forwards and to the left, `(points, 2)`."""
        near = self.nearest(car)
        points = self.line[near : near + int(reach / STEP)] - car[:2]
        cos, sin = np.cos(car[2]), np.sin(car[2])
        return np.stack([points @ (cos, sin), points @ (-sin, cos)], axis=1)

    def driver(self, car: np.ndarray) -> float:
        """The angle at which the driver would steer, -1 (left) to 1 (right)."""
        points = self.seen_from(car, 2 * AHEAD)
        distance = np.linalg.norm(points, axis=1)
        target = points[np.abs(distance - AHEAD).argmin()]
        return float(np.clip(-2 * target[1] / max(target @ target, 0.1) / TURN, -1, 1))

    def frame(self, car: np.ndarray, number: int) -> np.ndarray:
        """The camera's picture in frame `number`, uint8 `(HEIGHT, WIDTH)`."""
        random = np.random.default_rng([self.seed, 2, number])
        shades = self.light["shades"]
        rows = np.arange(HORIZON + 1, HEIGHT)
        distance = FOCAL * CAMERA / (rows - HORIZON) * 0.9
        points = self.seen_from(car, 1.5 * FARTHEST)
        middle = np.interp(distance, np.maximum.accumulate(points[:, 0]), points[:, 1])
        pixel = distance / FOCAL  # width of a pixel on the road
        left = -(np.arange(WIDTH) - (WIDTH - 1) / 2) * pixel[:, None]  # (rows, WIDTH), positive to the left
        beside = np.abs(left - middle[:, None])
        on_road = np.clip((1 - beside) / pixel[:, None] + 0.5, 0, 1)
        on_line = np.clip((0.09 - np.abs(beside - 0.92)) / pixel[:, None] + 0.5, 0, 1)
        ground = shades[2] + on_road * (shades[0] - shades[2])
        ground += on_line * (shades[1] - ground)
        picture = np.full((HEIGHT, WIDTH), shades[3])
        picture[HORIZON + 1 :] = np.where(distance[:, None] <= FARTHEST, ground, shades[2])
        if self.light["blinded"][number]:
            picture = np.full((HEIGHT, WIDTH), 255.0)  # the sensor is saturated: nothing of the road is left
        picture += random.normal(0, 6, picture.shape)
        return picture.clip(0, 255).astype(np.uint8)


def moved(car: np.ndarray, angle: float) -> np.ndarray:
    """The car one frame later."""
    heading = car[2] - angle * TURN * SPEED
    middle = (car[2] + heading) / 2
    return np.array([car[0] + SPEED * np.cos(middle), car[1] + SPEED * np.sin(middle), heading])


def recorded(road: Road) -> tuple[np.ndarray, np.ndarray]:
    """A drive with gusts: frames, uint8 `(FRAMES, HEIGHT, WIDTH)`, and the driver's angle in each, `(FRAMES,)`."""
    random = np.random.default_rng([road.seed, 3])
    car, gust, frames, angles = road.start(), 0.0, [], []
    for number in range(FRAMES):
        if random.random() < 0.12:
            gust = random.normal(0, 0.45)
        gust *= 0.85
        frames.append(road.frame(car, number))
        angles.append(road.driver(car))
        car = moved(car, angles[-1] + gust)
    return np.stack(frames), np.array(angles)


def driven(roads: Sequence[Road], steer: Callable[[Sequence[np.ndarray]], Sequence[float]]) -> list[dict]:
    """Closed loop: a car on each road is steered by `steer`, and sees the results of its own steering.

    Args:
        steer: returns an angle for each list of frames seen so far, uint8 `(frames, HEIGHT, WIDTH)`.

    Returns:
        `kept`: share of the frames before the car left the road; `path`: `[x, y, heading]` in each frame until then.
    """
    cars = [road.start() for road in roads]
    seen, paths = [[] for _ in roads], [[] for _ in roads]
    for number in range(FRAMES):
        going = [i for i, road in enumerate(roads) if len(paths[i]) == number and abs(road.offset(cars[i])) <= 1]
        if not going:
            break
        for i in going:
            seen[i].append(roads[i].frame(cars[i], number))
            paths[i].append([round(float(value), 3) for value in cars[i]])
        for i, angle in zip(going, steer([np.stack(seen[i]) for i in going])):
            cars[i] = moved(cars[i], float(np.clip(angle, -1, 1)))
    return [{"kept": len(path) / FRAMES, "path": path} for path in paths]


def load() -> Splits:
    """`(name, frames, angles, road)` of every drive in three splits."""
    splits, seed = [], 0
    for count in ROADS.values():
        split = []
        for _ in range(count):
            seed += 1
            road = Road(seed)
            split.append((f"road {seed}", *recorded(road), road))
        splits.append(split)
    return Splits(*splits)
