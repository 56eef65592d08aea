"""The only room that reads clock, environment and randomness."""
