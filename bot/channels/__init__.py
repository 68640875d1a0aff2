"""Messengers: one adapter each, all speaking the neutral events and messages of data/delivery."""
