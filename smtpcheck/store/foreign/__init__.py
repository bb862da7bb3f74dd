"""The settings of other programs: read into the tables of a profile, and written from a profile."""
