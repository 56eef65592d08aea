"""Wire shapes of integrations: connections, what came in, and the bodies inside of commands."""
