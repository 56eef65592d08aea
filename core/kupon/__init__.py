"""Kupon: a self-hosted promotion engine that speaks the Voucherify wire."""

__version__ = "0.1.0"
