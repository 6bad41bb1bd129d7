"""Private path probe: observe a private API path, judge what is wrong with it, tell who has to know."""

__version__ = "0.1.0"
