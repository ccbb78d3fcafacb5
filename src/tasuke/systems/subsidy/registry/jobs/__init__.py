"""Batch jobs of the area `registry`; importing this package registers them."""

from tasuke.systems.subsidy.registry.jobs import import_nhi, import_residents, import_tax, import_welfare

__all__ = ["import_nhi", "import_residents", "import_tax", "import_welfare"]
