"""Text that somebody's software printed, as facts: what `explain` reads."""
