"""The sample backend of the private path: identity that holds, and a correlation id that survives the call."""
