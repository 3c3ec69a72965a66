"""What a run leaves: specification, record, history, provenance; collected, compared and published."""
