"""The circuit: the gate table, the algebra of angles, and the operations that hold angle slots.

Owns the meaning of a gate and of an angle, and the invariants that every circuit keeps. It knows no array library:
evaluating angles in torch is the network's work, running circuits the backends'.
"""
