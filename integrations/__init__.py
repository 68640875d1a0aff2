"""Other people's services, each behind a port that its consumer owns."""
