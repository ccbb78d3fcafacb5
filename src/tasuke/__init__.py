"""tasuke: the systems behind Japanese municipal medical-expense subsidies (医療費助成)."""
