"""What platforms tell: taken in, kept, and done."""
