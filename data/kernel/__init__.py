"""Clock, money, ids, errors, database: what every noun stands on. Imports nothing of ours."""
