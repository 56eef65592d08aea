"""What tests need: a server of their own, clients, builders and the checks of the wire."""
