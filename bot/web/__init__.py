"""What every page and route shares: limits on what comes in, headers on what goes out."""
