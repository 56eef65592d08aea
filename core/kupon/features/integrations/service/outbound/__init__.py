"""What platforms are told: of what happened, of codes, of profiles."""
