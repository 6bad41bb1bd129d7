"""The whole private path on one machine, and every way to break it."""
