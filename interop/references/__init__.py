"""Methods that PEFT lacks, in plain torch from their papers, for transformers' decoders."""
