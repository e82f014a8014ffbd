"""Every Redis key and its lifetime. Nowhere else is a key spelled."""

RAW_MAXLEN = 200_000  # entries kept per raw stream (approximate trim); what is trimmed unread is counted as spill
VERSIONS_CHANNEL = "city:versions"  # pub/sub: "<domain> <version>"
STATUS_TTL_S = 30
LEASE_TTL_MS = 10_000


def raw_stream(domain: str) -> str:
    """Stream of raw message batches waiting for the runner."""
    return f"city:raw:{domain}"


def snapshot(domain: str) -> str:
    """Newest snapshot, msgpack."""
    return f"city:snapshot:{domain}"


def version(domain: str) -> str:
    """Newest version number (also the version counter)."""
    return f"city:version:{domain}"


def state(domain: str) -> str:
    """The builder's own state, msgpack, written together with the snapshot."""
    return f"city:state:{domain}"


def lease(name: str) -> str:
    """Who leads `name` now: '<owner>|<token>', expires by itself."""
    return f"city:lease:{name}"


def fence(name: str) -> str:
    """Counter of fencing tokens; a writer with an older token is refused."""
    return f"city:fence:{name}"


def status(process: str) -> str:
    """A process's own heartbeat and counters (JSON), short-lived."""
    return f"city:status:{process}"


def counters(domain: str, day: str) -> str:
    """Hash of accepted and refused counts per source for one local day."""
    return f"city:counters:{domain}:{day}"


def frame(camera: str) -> str:
    """Newest de-identified picture of a camera, JPEG."""
    return f"city:frame:{camera}"


def session(token_hash: str) -> str:
    """A signed-in session."""
    return f"city:session:{token_hash}"


def sign_in_failures(name: str) -> str:
    """Recent sign-in failures of one account or address."""
    return f"city:failures:{name}"


def nonce(source: str, value: str) -> str:
    """A webhook request already seen inside the replay window."""
    return f"city:nonce:{source}:{value}"


def quarantine_stream() -> str:
    """Problems found by processes that have no database (gateway, cameras), on their way to it."""
    return "city:quarantine"


def raw_spill(domain: str) -> str:
    """How many raw batches were dropped unread because the stream was full. Never silent."""
    return f"city:spill:{domain}"


def one_time(token_hash: str) -> str:
    """A one-time sign-in link that was not used yet."""
    return f"city:once:{token_hash}"


def sessions_of(account: str) -> str:
    """Set of the token hashes of one account's sessions, so that they can be listed and revoked."""
    return f"city:sessions:{account}"
