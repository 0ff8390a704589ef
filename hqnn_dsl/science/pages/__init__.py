"""Pages of comparisons and analyses, in the form of a run's page: made of the parts of `hqnn_dsl.report`."""
