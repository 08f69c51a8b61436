"""Engines that run the same function on parts of a table: Dask, and whatever passes Arrow on."""
