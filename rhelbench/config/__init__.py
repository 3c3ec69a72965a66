"""What a configuration means: matrices of runs, protocols, hyperparameters, resources."""
