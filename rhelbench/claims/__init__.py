"""One verdict per claim, by a rule that is written here, from evidence that is computed."""
