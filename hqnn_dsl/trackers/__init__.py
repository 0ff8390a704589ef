"""Trackers that come with the package: TensorBoard and MLflow, each an extra."""
