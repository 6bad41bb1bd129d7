"""Reads of Azure itself: what the platform knows of a path and keeps of its calls. Nothing here writes."""
