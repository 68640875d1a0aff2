"""A browser or program that talks to the site in its own process."""

import warnings

# Starlette would rather have httpx2; httpx is what this project has and locks.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["TestClient"]
