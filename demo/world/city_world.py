"""The whole world put together from a city's files and one seed."""

from demo.city import City, metres
from demo.world import emitters, stays
from demo.world.air import Air
from demo.world.graph import Graph
from demo.world.land import Land
from demo.world.motion import Roadway
from demo.world.traffic import Traffic


class World:
    """Roads, traffic, vehicles, parking, air: everything truth is read from."""

    def __init__(self, city: City, seed: int) -> None:
        self.city, self.seed = city, seed
        self.graph = Graph(city)
        self.land = Land(self.graph, seed)
        self.traffic = Traffic(self.graph, self.land, seed)
        self.road = Roadway(self.graph, self.land, self.traffic, seed)
        self.parking = stays.Parking(stays.places(city.places, city.centre, self.land), seed)
        points = [metres(city.centre, (float(s["lon"]), float(s["lat"]))) for s in city.stations]
        dusty = [(s["mn"], *p) for s, p in zip(city.stations, points, strict=True) if s["kind"] == "dust"]
        self.air = Air(self.graph, self.traffic, emitters.point_sources(seed, dusty), points, seed)
