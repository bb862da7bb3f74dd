"""All disk, environment and keyring code."""
