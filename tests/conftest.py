"""Stands here so that tests of every room can import the modules beside it, such as `circuits_random`."""
