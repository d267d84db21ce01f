"""Settings of the whole suite."""

import os

from hypothesis import settings

# A run of CI says the same about a commit each time; elsewhere every run looks in other places.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
