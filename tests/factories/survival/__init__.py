"""What tests of survival need: an installation of its own, ways to kill what works on it, and a dump to compare."""

import os

STAGES = "factories.survival.stages"
DUMP = "factories.survival.dump"
KILLS = int(os.environ.get("MUNIMENT_TEST_KILLS", "1"))  # random moments of each kind
