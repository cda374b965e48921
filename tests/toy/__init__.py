"""A toy assistant, small enough to be trained in every test run."""
