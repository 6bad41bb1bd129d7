"""The guarded closure of public access: refused without a proof, proven again, undone where it breaks the path."""
