"""Values that every other part speaks in; no input, no output."""
