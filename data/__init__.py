"""The shop's facts, and the rules that keep them true: the home of the commerce domain.

Files that a running system writes live in var/, seed files in data/seeds/.
"""
