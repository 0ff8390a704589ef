"""Gradients of backends that can only evaluate a circuit: by shifting the angle of one gate at a time.

For the author of such a backend:

    shiftable = shiftable_circuit(circuit)                  # or (circuit, target) for a device's gates
    shiftable.circuit, shiftable.parameters                 # a Qiskit circuit; column k of all rows is parameters[k]
    shiftable.observables()                                 # SparsePauliOps on that circuit's qubits, an output each
    rows = shiftable.angles(per_sample, shared)             # [B, K] for the angles of a call
    plan = shiftable.plan(by_sample=True, by_shared=True)   # which shifts the asked gradients need
    plan.num_shifts                                         # S: it takes S * B evaluations
    slopes = plan.slopes(len(rows))                         # [B, K], zeros
    for part in plan.parts(len(rows), rows_at_a_time):
        values = evaluate(plan.rows(rows, part))            # [len(part), M], your work; part is a range of rows
        plan.add(values, upstream, part, slopes)            # upstream [B, M] is contracted at once
    to_sample, to_shared = shiftable.pull_back(slopes)      # [B, E], [W]

`unroll` writes a circuit in gates that a shift rule is known for, `rules` has the rules, `plan` the rows of all shifts,
`circuit` the linear map between the slots of our circuit and the angles of Qiskit's. An angle of a gate in the Qiskit
circuit is an **occurrence**: a constant plus factors times slots, which transpiling may split and merge.
"""
