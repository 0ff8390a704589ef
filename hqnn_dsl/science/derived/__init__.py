"""The control group of a spec: specs that follow from it by rewriting, each of which runs on its own."""
