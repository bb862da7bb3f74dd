"""Renderers, each a function of a report."""
