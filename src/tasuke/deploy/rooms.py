"""Whether a room of the house stands: the site is put together from those that do."""

from importlib.util import find_spec


def stands(module: str) -> bool:
    """Whether the module exists, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the folder above is not there either
        return False
