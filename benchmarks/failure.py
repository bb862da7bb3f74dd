"""What ends the benchmark."""


class FailedRunError(Exception):
    """A command did not do what it was timed for."""
