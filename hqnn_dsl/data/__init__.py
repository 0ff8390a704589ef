"""From a table to tensors: typed columns, their scaling fitted on training rows, and the split into parts."""
