"""Pictures of circuits and of whole networks, laid out here by the width of every label, so that none overlap."""
