"""The benchmark: Kupon against yardsticks on the same machine, in ratios."""
