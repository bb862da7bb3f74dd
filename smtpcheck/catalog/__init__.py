"""Causes and the rules that recognise them, as data."""
