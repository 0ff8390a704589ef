"""What the language offers by name: library blocks, layers, losses, optimizers, schedulers. One entry each."""
