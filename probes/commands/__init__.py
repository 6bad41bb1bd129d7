"""The commands of the command line, one module each; `probes.cli` reads the arguments and calls them."""
