"""The probe app in the lab: the product's own functions, in the surroundings that a file describes."""

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import lab
from lab.surroundings_file import read

PRODUCT = Path(lab.__file__).parents[1] / "function_app.py"
"""Loaded by its file: by its name it would be this module, which the host knows as `function_app` too."""

spec = spec_from_file_location("probe_function_app", PRODUCT)
if spec is None or spec.loader is None:
    raise ImportError(str(PRODUCT))
product = module_from_spec(spec)
spec.loader.exec_module(product)
app = product.create(lambda: read(Path(os.environ["LAB_SURROUNDINGS"])))
