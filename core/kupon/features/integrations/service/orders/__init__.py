"""Orders of shops: what becomes of their incentives."""
