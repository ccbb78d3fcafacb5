"""Jobs of the resident distribution; importing this package registers them."""

from tasuke.systems.resident.jobs import distribute_numbers, distribute_residents

__all__ = ["distribute_numbers", "distribute_residents"]
