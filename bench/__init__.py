"""Measures the assistant beside Rasa's starter bot on the machine it runs on."""
