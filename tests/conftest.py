"""What all tests share."""

from hypothesis import HealthCheck, settings

# the machines are shared and noisy: a deadline would measure the neighbours
settings.register_profile("tasuke", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tasuke")
