"""What every run of tests takes along, whichever folder it is asked for."""

pytest_plugins = ("proof",)  # tests/proof.py notes what is proved
