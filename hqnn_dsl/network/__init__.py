"""The torch modules: the quantum layer with its weights and slot table, and the network around it.

Owns everything between a batch of features and a batch of outputs. Backends are given angle values and know none of it.
"""
