"""What the assistant does and says: thin, one module a topic; the core decides."""
