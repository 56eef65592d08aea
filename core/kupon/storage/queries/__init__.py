"""Statements, one file per feature that they serve."""
