"""How fast a training step of the quantum layer is beside other simulators: `make bench`."""
