"""commercetools' objects to Kupon's commands, and Kupon's prices to cart update actions."""
