"""The HTTP toolkit. It knows no resource."""
