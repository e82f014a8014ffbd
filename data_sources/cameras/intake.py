"""The runner's side of the domain: workers' messages in, snapshot parts out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.clock import epoch
from core.observation import Message
from data_sources.cameras import build as building
from data_sources.cameras.drawing import Places
from data_sources.cameras.model import Area, Camera
from data_sources.cameras.wire import worker_messages
from data_sources.contract import Built, Parsed


class CamerasIntake:
    """See `data_sources.contract.Intake`."""

    state_type = building.State

    def static(self, tables: Mapping[str, Sequence[Any]]) -> Places:
        """Cameras, areas and zones by id."""
        cameras: Sequence[Camera] = tables["cameras/cameras.toml"]
        areas: Sequence[Area] = tables["cameras/areas.csv"]
        return Places(
            cameras={camera.id: camera for camera in cameras},
            areas={area.id: area for area in areas},
            zones={(camera.id, zone.id): zone for camera in cameras for zone in camera.zone},
        )

    def empty(self, static: Places, now: datetime) -> building.State:
        """Nothing heard yet."""
        return building.State(began=epoch(now))

    def parse(self, message: Message, static: Places) -> Parsed:
        """One message of a worker."""
        return worker_messages.parse(message)

    def build(self, state: building.State, observations: Sequence[Any], static: Places, now: datetime) -> Built:
        """See `build.build`."""
        return building.build(state, observations, static, now)


INTAKE = CamerasIntake()
