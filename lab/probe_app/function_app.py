"""The probe app in the lab: the product's own functions, in the surroundings that a file describes."""

import os
from pathlib import Path

from lab.surroundings_file import read
from probes.app import create

app = create(lambda: read(Path(os.environ["LAB_SURROUNDINGS"])))
