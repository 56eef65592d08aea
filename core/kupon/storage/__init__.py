"""The only room with SQL: it returns rows and snapshots and decides nothing."""
