"""One folder for each area of the interface."""
