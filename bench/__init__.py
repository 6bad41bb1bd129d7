"""What the probe costs, measured beside prometheus-blackbox-exporter on the same targets in the same run."""
