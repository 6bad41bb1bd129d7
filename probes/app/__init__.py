"""The probe Function app: its triggers, and what they call."""

from probes.app.triggers import create

__all__ = ["create"]
