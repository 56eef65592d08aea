"""Use cases of loyalty programmes; each module has those of the routes of its name."""
