"""First Contact: the core and the edges of the assistant (see README.md, The rooms)."""
