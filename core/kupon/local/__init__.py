"""Local: Kupon's own PostgreSQL and Redis, and the supervisor of a whole stack in a folder."""
