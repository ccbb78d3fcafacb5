"""Jobs of 社会保障宛名; importing this package registers them."""

from tasuke.systems.welfare.jobs import import_welfare_tax

__all__ = ["import_welfare_tax"]
