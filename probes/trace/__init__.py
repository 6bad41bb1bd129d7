"""Following one correlation id: what was kept of the call, in order, and where the chain ends."""
