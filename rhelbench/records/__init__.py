"""Files of a run: specification, record, history, provenance; collected, compared and published."""
