"""Tasks: dataset cards, archives, verified preparation, the store on disk, splits."""
