"""The compiled training step: many steps of a training in one call."""
