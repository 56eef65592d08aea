"""Connections themselves: made, changed, stopped, and at home on their platforms."""
