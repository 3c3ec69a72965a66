"""The JAX implementation, with the same modules, public names and parameter paths as all others."""
