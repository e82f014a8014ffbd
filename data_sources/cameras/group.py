"""Which cameras share a child process, and what happens to them when it dies. Pure: the time is passed in."""

from collections.abc import Sequence

from data_sources.cameras.model import Camera

PER_CHILD = 16
BACK_OFF_S = (1.0, 5.0, 20.0, 60.0)
QUARANTINE_AFTER, QUARANTINE_S = 4, 600.0
SETTLED_S = 300.0  # a life as long as this clears the record


class Group:
    """Cameras of one child with the record of its deaths."""

    def __init__(self, cameras: Sequence[Camera], deaths: int = 0) -> None:
        self.cameras = list(cameras)
        self.deaths = deaths
        self._delivered: set[str] = set()
        self._began = 0.0
        self._not_before = 0.0

    @property
    def quarantined(self) -> bool:
        """Whether it died so often that it is tried only rarely."""
        return self.deaths >= QUARANTINE_AFTER

    def begin(self, now: float) -> None:
        """A new child starts (monotonic seconds)."""
        self._began = now
        self._delivered.clear()

    def heard(self, camera: str, has_frame: bool) -> None:
        """A camera reported; one that already delivered pictures in this life is less of a suspect."""
        if has_frame:
            self._delivered.add(camera)

    def wait_s(self, now: float) -> float:
        """How long to wait before the next start."""
        return max(0.0, self._not_before - now)

    def died(self, now: float) -> None:
        """The child ended by itself: wait longer each time."""
        self.deaths = 1 if now - self._began > SETTLED_S else self.deaths + 1
        pause = QUARANTINE_S if self.quarantined else BACK_OFF_S[min(self.deaths, len(BACK_OFF_S)) - 1]
        self._not_before = now + pause

    def suspects(self) -> list[Camera]:
        """Cameras that had not delivered when the child died."""
        return [camera for camera in self.cameras if camera.id not in self._delivered]


class Spread:
    """All groups. A death splits a group until the camera that kills is alone; the others go on unharmed."""

    def __init__(self, cameras: Sequence[Camera], per_child: int = PER_CHILD) -> None:
        self._cameras, self._per_child = list(cameras), per_child
        self._new: list[Group] = []

    def begin(self) -> list[Group]:
        """The groups to start with, of nearly equal size."""
        if not self._cameras:
            return []
        count = -(-len(self._cameras) // self._per_child)
        return [Group(self._cameras[i::count]) for i in range(count)]

    def take_new(self) -> list[Group]:
        """Groups that came into being since the last call."""
        new, self._new = self._new, []
        return new

    def died(self, group: Group, now: float) -> bool:
        """A child died. True when its group is no more: its cameras are in the new groups (`take_new`).

        Suspects are the cameras that had not yet delivered a picture; without any, or when all are, the group is halved.
        """
        if len(group.cameras) == 1:
            group.died(now)
            return False
        suspects = group.suspects()
        rest = [camera for camera in group.cameras if camera not in suspects]
        if not suspects or not rest:
            half = len(group.cameras) // 2
            suspects, rest = group.cameras[:half], group.cameras[half:]
        for part in (suspects, rest):
            self._new.append(Group(part))
        return True
