"""The chat in a real browser, against a made-up service and against the real one."""
