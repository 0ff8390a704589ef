"""A circuit as Pauli rotations on |0…0>, Clifford gates removed: the normal form that the native engine runs.

`strings` is the algebra, `program` the form, `lowering` makes it from a circuit, `rewrites` makes it smaller, `passes`
puts together what runs together, `cost` counts what running it takes, and `effects` says which weights, inputs and
outputs it proves to be idle. It imports no array library: strings are pairs of Python integers.
"""
