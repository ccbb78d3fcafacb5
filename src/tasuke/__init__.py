"""tasuke: the systems behind Japanese municipal medical-expense subsidies (医療費助成)."""

from importlib.metadata import version

__version__ = version("tasuke")
