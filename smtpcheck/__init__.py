"""Configure and diagnose outgoing mail."""

__version__ = "0.1.0"
