"""What a training takes before it runs: circuits, memory, seconds, how its gradients vary, and the other backends.

`forecast` makes a `Forecast`. Counts are those that the training itself goes by; seconds come from a few steps of it.
"""
