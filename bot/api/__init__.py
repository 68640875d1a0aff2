"""HTTP for programs: the REST channel and the merchant API, one file per noun."""
