"""The exporter: profiles, probed when Prometheus asks."""
