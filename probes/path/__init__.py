"""The path: what should be."""

from probes.path.definition import Path, Resolver, Role, Target, Thresholds
from probes.path.load import from_mapping, load, loads
from probes.path.reader import PathError, Problem

__all__ = ["Path", "PathError", "Problem", "Resolver", "Role", "Target", "Thresholds", "from_mapping", "load", "loads"]
