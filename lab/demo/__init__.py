"""The demonstration: everything the project does, on this machine, in one go."""
