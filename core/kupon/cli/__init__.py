"""Commands: one file per group; what a command needs is imported when it runs, not before."""
