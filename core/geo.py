"""Positions: WGS-84, GCJ-02 and BD-09 into one another, distances, and metres on a local plane.

Every function takes and gives degrees as (lon, lat). JT/T 808 terminals and our store speak WGS-84, AMap and Tencent
GCJ-02, Baidu BD-09; CGCS2000 is WGS-84 to better than a metre. Convert once, at the border: a double shift is 500 m.
"""

from math import asin, atan2, cos, degrees, hypot, pi, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
_A, _EE = 6_378_245.0, 0.00669342162296594323  # Krasovsky 1940, as GCJ-02 uses it
_BD = pi * 3000.0 / 180.0


def in_china(lon: float, lat: float) -> bool:
    """Whether GCJ-02 shifts this place (its customary rectangle); elsewhere GCJ-02 equals WGS-84."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _shift(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave
    dlat += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    dlat += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave
    dlon += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    dlon += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    magic = 1.0 - _EE * sin(radians(lat)) ** 2
    root = sqrt(magic)
    dlat = dlat * 180.0 / ((_A * (1.0 - _EE)) / (magic * root) * pi)
    dlon = dlon * 180.0 / (_A / root * cos(radians(lat)) * pi)
    return dlon, dlat


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """GCJ-02 of a WGS-84 position; unchanged outside China's rectangle."""
    if not in_china(lon, lat):
        return lon, lat
    dlon, dlat = _shift(lon, lat)
    return lon + dlon, lat + dlat


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """WGS-84 of a GCJ-02 position, by fixed-point iteration to 1e-9 degree (2 to 4 rounds, never more than 10)."""
    if not in_china(lon, lat):
        return lon, lat
    x, y = lon, lat
    for _ in range(10):
        gx, gy = wgs84_to_gcj02(x, y)
        x, y = x - (gx - lon), y - (gy - lat)
        if abs(gx - lon) < 1e-9 and abs(gy - lat) < 1e-9:
            break
    return x, y


def gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """BD-09 of a GCJ-02 position."""
    z = hypot(lon, lat) + 2e-5 * sin(lat * _BD)
    theta = atan2(lat, lon) + 3e-6 * cos(lon * _BD)
    return z * cos(theta) + 0.0065, z * sin(theta) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """GCJ-02 of a BD-09 position; the closed inverse is good to 1e-6 only, so it is iterated to 1e-9 degree."""
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(10):
        bx, by = gcj02_to_bd09(x, y)
        x, y = x - (bx - lon), y - (by - lat)
        if abs(bx - lon) < 1e-9 and abs(by - lat) < 1e-9:
            break
    return x, y


def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """BD-09 of a WGS-84 position."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """WGS-84 of a BD-09 position."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine on the mean sphere, within 0.5 % of the ellipsoid)."""
    p1, p2 = radians(lat1), radians(lat2)
    a = sin((p2 - p1) / 2) ** 2 + cos(p1) * cos(p2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(a)))


def bearing_deg(dx: float, dy: float) -> float:
    """Direction of a step east `dx`, north `dy`: 0 north, clockwise, [0, 360)."""
    return degrees(atan2(dx, dy)) % 360.0


def turn_deg(a: float, b: float) -> float:
    """Smallest angle between two bearings, 0..180."""
    turn = abs(a - b) % 360.0
    return 360.0 - turn if turn > 180.0 else turn


class Plane(NamedTuple):
    """Metres east and north of an origin (equirectangular, east-west scale taken at the origin's latitude).

    Good for a city, not for a country: at 32°N and 20 km north of the origin, east-west lengths are off by 0.2 %.
    """

    lon0: float
    lat0: float
    mx: float  # metres per degree of longitude
    my: float  # metres per degree of latitude

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres (east, north) of a position."""
        return (lon - self.lon0) * self.mx, (lat - self.lat0) * self.my

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Position of a point on the plane."""
        return self.lon0 + x / self.mx, self.lat0 + y / self.my


def plane_at(lon: float, lat: float) -> Plane:
    """The local plane around a place. Refuses the poles, where a degree of longitude has no length."""
    if not -89.0 < lat < 89.0:
        raise ValueError(f"no plane at latitude {lat}")
    degree = EARTH_RADIUS_M * pi / 180.0
    return Plane(lon, lat, degree * cos(radians(lat)), degree)
