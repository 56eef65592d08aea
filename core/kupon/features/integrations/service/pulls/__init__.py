"""What platforms are asked for: runs through all that they have."""
