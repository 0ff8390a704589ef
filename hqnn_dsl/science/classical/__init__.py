"""Classical contenders: fitted on the inputs that the hybrid network gets in a fold, and tuned as it is."""
