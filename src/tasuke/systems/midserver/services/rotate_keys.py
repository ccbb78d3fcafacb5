"""New keys for a municipality. The next round publishes them; until then the old ones sign, and they open for ever."""

from tasuke.systems.midserver.tenancy import Inside


def rotate_keys(room: Inside) -> tuple[str, str]:
    """Start a new signing and a new sealing key, and a new key for what is stored. Gives the two key ids."""
    room.vault.rotate()
    return room.signing_keys.rotate(), room.opening_keys.rotate()
