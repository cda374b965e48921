"""How a message is read: clauses, vectors, the trained reader and its Rasa parts."""
