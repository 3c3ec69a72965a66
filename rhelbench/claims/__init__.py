"""One verdict per claim, by fixed rules, from computed evidence."""
