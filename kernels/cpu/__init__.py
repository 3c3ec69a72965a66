"""Trajectories of a separable Hamiltonian on the CPU, compiled by numba: one pass per call, time outside, lanes inside.

``linear`` and ``nonlinear`` offer the same four kernels on arrays of one dtype, float32 or float64, for the lanes ``lo`` to
``hi`` of N = n·P:

    forward(theta, delta, f, at_third, phi, pi, lo, hi)
    adjoint(theta, delta, f, phi, pi, g, at_third, grad_f, sums, lo, hi)
    pair_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_f, sums, lo, hi)
    released_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_u, grad_B, sums, lo, hi)

theta (m, N): θ in the order of the Hamiltonian's ``parameters``, one value per lane; delta, epsilon (N,); f, g, grad_* (K, N).
at_third: force at φ_{k+1/3} (leapfrog) or at φ_k (leapfrog_released). sums (m + 1, N): gradients of θ, then of δ, per lane.
forward and adjoint: phi (K, N) the positions, pi (K, N) the momenta, or (1, N) for the last one alone. Echoes: phi, pi (N,) the
final state. Nothing is drawn, nothing is kept, and no lane looks at another one, so any split of the lanes gives the same bits,
but for nonlinear.pair_echo, which uses its series where all lanes of a call allow them, and is equal to rounding.
``path`` holds what is asked of a path as a whole; ``head`` and ``tail`` are the rest of a block, before and after the
trajectory, whose matrix products ``product`` makes.
``region`` runs them on PyTorch's threads, and ``launch`` on Python's where it can't; ``handler`` and ``block_handler`` run them
from a program of XLA: ``frame`` reads what it hands over, ``crew`` shares the work with its threads, ``parts`` divides rows.
``offered`` finds the kernels for compiled callers. ``ahead`` asks for rows before a walk backward in time needs them.
"""
