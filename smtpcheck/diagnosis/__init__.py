"""Observations to facts, facts and catalogue to diagnoses; pure functions."""
