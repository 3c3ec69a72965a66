"""What people read of the results: tables, the page, blocks of text in README and docs."""
