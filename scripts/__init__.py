"""Checks and chores of the project, run with `python -m scripts.NAME`."""
