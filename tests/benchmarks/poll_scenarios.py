"""The services and clients which the polling policy is simulated against."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Scenario:
    name: str
    images: int = 2000
    capacity: int = 64
    mean_s: float = 2.0
    sigma: float = 0.5
    slow_share: float = 0.0
    slow_factor: float = 10.0
    pareto: float = 0.0  # > 1: service is Pareto with this exponent instead of lognormal
    bursts: tuple[tuple[float, float, float], ...] = ()  # (from s, to s, share of the capacity)
    order: str = "fifo"
    outstanding: int = 256
    rtt_s: tuple[float, float] = (0.005, 0.030)
    loop_s: float = 0.004
    connections: int = 64
    floor_s: float = 1.0
    warm_images: int = 0
    warm_mean_s: float = 0.0  # 0: the same endpoint; else it was this fast in the earlier run
    warm_outstanding: int = 0

    def service(self, rng: Random) -> float:
        if self.pareto:
            shape = self.pareto
            return self.mean_s * (shape - 1) / shape * rng.paretovariate(shape)
        service = rng.lognormvariate(math.log(self.mean_s) - self.sigma**2 / 2, self.sigma)
        return service * (self.slow_factor if rng.random() < self.slow_share else 1.0)


MIDDLE = ((22.0, 42.0, 0.5),)

SCENARIOS = {
    "A": Scenario("A cold, capacity 64, 256 outstanding"),
    "B": Scenario("B warm (500 results)", warm_images=500),
    "C1": Scenario("C burst: half capacity for 20 s", bursts=MIDDLE),
    "C1w": Scenario("C burst, warm", bursts=MIDDLE, warm_images=500),
    "C2": Scenario("C 5 % ten times slower", slow_share=0.05),
    "C2w": Scenario("C 5 % ten times slower, warm", slow_share=0.05, warm_images=500),
    "E2": Scenario("E 2 images", images=2),
    "E5": Scenario("E 5 images", images=5),
    "E20": Scenario("E 20 images", images=20),
    "E20w": Scenario("E 20 images, warm", images=20, warm_images=500),
    "E100": Scenario("E 100 images", images=100),
    "E100w": Scenario("E 100 images, warm", images=100, warm_images=500),
    "Ec1": Scenario("E capacity 1, 200 images", images=200, capacity=1),
    "Ec4": Scenario("E capacity 4, 500 images", images=500, capacity=4),
    "Ec1000": Scenario("E capacity 1000, 256 outstanding", capacity=1000),
    "Ec1000b": Scenario("E capacity 1000, 2048 outstanding", capacity=1000, outstanding=2048),
    "Em.05": Scenario("E service 0.05 s", mean_s=0.05),
    "Em.05w": Scenario("E service 0.05 s, warm", mean_s=0.05, warm_images=500),
    "Em.5": Scenario("E service 0.5 s", mean_s=0.5),
    "Em10": Scenario("E service 10 s", mean_s=10),
    "Em10w": Scenario("E service 10 s, warm", mean_s=10, warm_images=500),
    "Em60": Scenario("E service 60 s", mean_s=60),
    "Eo16": Scenario("E 16 outstanding", outstanding=16),
    "Eo16w": Scenario("E 16 outstanding, warm", outstanding=16, warm_images=500),
    "Eo64": Scenario("E 64 outstanding", outstanding=64),
    "Eo80": Scenario("E 80 outstanding", outstanding=80),
    "Eo96": Scenario("E 96 outstanding", outstanding=96),
    "Eo128": Scenario("E 128 outstanding", outstanding=128),
    "Eo2000": Scenario("E 2,000 outstanding", outstanding=2000),
    "Ep": Scenario("E Pareto service (exponent 1.5)", pareto=1.5),
    "Es.05": Scenario("E near-constant service (sigma 0.05)", sigma=0.05),
    "Es1": Scenario("E wide service (sigma 1)", sigma=1.0),
    "E20%": Scenario("E 20 % ten times slower", slow_share=0.2),
    "Estop": Scenario("E server stops for 20 s", bursts=((22.0, 42.0, 0.0),)),
    "Ernd": Scenario("E random order", order="random"),
    "Elifo": Scenario("E last in, first out", order="lifo"),
    "Ew4": Scenario("E warm, but now 4 times slower", warm_images=500, warm_mean_s=0.5),
    "Ew4n": Scenario(
        "E the same, 64 outstanding", outstanding=64, warm_images=500, warm_mean_s=0.5
    ),
    "Ew.25": Scenario("E warm, but now 4 times faster", warm_images=500, warm_mean_s=8.0),
    "Ewo": Scenario("E warm from 16 outstanding", warm_images=500, warm_outstanding=16),
    "Ef0": Scenario("E floor 0 (own server)", floor_s=0.0),
    "Eloop": Scenario("A with an event loop up to 100 ms late", loop_s=0.1),
    "Econn": Scenario("A with unlimited connections", connections=10_000),
    "Enet": Scenario("A on a slow network (50-300 ms)", rtt_s=(0.05, 0.3)),
}
