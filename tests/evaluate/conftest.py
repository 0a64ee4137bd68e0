"""Settings of property tests: a busy machine must not fail them, and runs repeat."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "evaluate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("evaluate")
