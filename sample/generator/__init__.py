"""Word lists and sentence templates of the sample domain."""
