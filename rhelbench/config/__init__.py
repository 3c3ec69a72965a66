"""Configurations: matrices of runs, protocols, hyperparameters, resources."""
