"""The few exceptions that cross module borders. Row problems are data (`core.observation.Problem`), not exceptions."""


class CityError(Exception):
    """Base: carries a machine-readable code beside the sentence for people."""

    code = "error"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class SourceDown(CityError):
    """A source cannot be reached or does not answer in time."""

    code = "source_down"


class BadMessage(CityError):
    """A whole message is not what its protocol says; `reason` is the count it goes under."""

    code = "bad_message"

    def __init__(self, reason: str, message: str = "", **details: object) -> None:
        super().__init__(message or reason, **details)
        self.reason = reason


class NotAllowed(CityError):
    """The account may not do this."""

    code = "not_allowed"


class NotFound(CityError):
    """There is no such thing."""

    code = "not_found"


class Conflict(CityError):
    """Somebody else was first: a stale version, a lost lease, a duplicate key."""

    code = "conflict"


class BadConfiguration(CityError):
    """The configuration is wrong; `details["errors"]` lists every error at once."""

    code = "bad_configuration"
