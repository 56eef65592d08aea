"""The queue toolkit: PostgreSQL is the record of work, Redis only wakes workers. No resource."""
