"""The linear unit: V = ½ A φ² − φ f; theta = [A]. See the package's docstring for the arguments."""

import numpy as np

from kernels.cpu.ahead import ask
from kernels.cpu.launch import jit


@jit
def forward(theta, delta, f, at_third, phi, pi, lo, hi):
    """Step from rest: φ⅓ = φ + δπ/2; π −= δ (A φ⅓ − f); φ = φ⅓ + δπ/2."""
    A, delta = theta[0, lo:hi], delta[lo:hi]
    real, n = delta.dtype.type, hi - lo
    half = real(0.5)
    q, p = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    for k in range(f.shape[0]):
        f_k, phi_k, pi_k = f[k, lo:hi], phi[k, lo:hi], pi[min(k, pi.shape[0] - 1), lo:hi]
        for j in range(n):
            h = half * delta[j]
            third = q[j] + h * p[j]
            at = third if at_third else q[j]
            moved = p[j] - delta[j] * (A[j] * at - f_k[j])
            q[j] = third + h * moved
            p[j] = moved
            phi_k[j] = q[j]
            pi_k[j] = moved


@jit
def adjoint(theta, delta, f, phi, pi, g, at_third, grad_f, sums, lo, hi):
    """Go back through the steps with λ = dL/dΦ: the chain rule, line by line of ``forward``."""
    A, delta = theta[0, lo:hi], delta[lo:hi]
    real, n = delta.dtype.type, hi - lo
    half, zero = real(0.5), real(0)
    l_phi, l_pi, nothing = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    sum_A, sum_delta = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    for k in range(f.shape[0] - 1, -1, -1):
        for path in (f, phi, pi, g, grad_f):
            ask(path, k, lo, hi)
        f_k, g_k, out, after = f[k, lo:hi], g[k, lo:hi], grad_f[k, lo:hi], pi[k, lo:hi]
        q = phi[k - 1, lo:hi] if k > 0 else nothing
        p = pi[k - 1, lo:hi] if k > 0 else nothing
        for j in range(n):
            h = half * delta[j]
            third = q[j] + h * p[j]
            at = third if at_third else q[j]
            force = A[j] * at - f_k[j]
            l_q = l_phi[j] + g_k[j]
            l_p = l_pi[j] + h * l_q
            pull = -delta[j] * l_p
            l_third = l_q + (A[j] * pull if at_third else zero)
            sum_delta[j] += half * (after[j] * l_q + p[j] * l_third) - force * l_p
            sum_A[j] += pull * at
            out[j] = -pull
            l_phi[j] = l_q + A[j] * pull
            l_pi[j] = l_p + h * l_third
    sums[0, lo:hi], sums[1, lo:hi] = sum_A, sum_delta


@jit
def pair_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_f, sums, lo, hi):
    """Run both echoes as mean m and half difference d; half contrasts A: m d, f: −d, V: A m d − f d."""
    A, delta, epsilon = theta[0, lo:hi], delta[lo:hi], epsilon[lo:hi]
    real, n, last = delta.dtype.type, hi - lo, f.shape[0] - 1
    half = real(0.5)
    m, m_pi, d = phi[lo:hi].copy(), -pi[lo:hi], np.zeros(n, delta.dtype)
    d_pi = epsilon * g[last, lo:hi]
    sum_A, sum_delta = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    scale, nothing = -delta / epsilon, np.zeros(n, delta.dtype)
    for k in range(last, -1, -1):
        for path in (f, g, grad_f):
            ask(path, k, lo, hi)
        f_k, out = f[k, lo:hi], grad_f[k, lo:hi]
        g_next = g[k - 1, lo:hi] if k > 0 else nothing
        for j in range(n):
            h = half * delta[j]
            m_third, d_third = m[j] + h * m_pi[j], d[j] + h * d_pi[j]
            m_at, d_at = (m_third, d_third) if at_third else (m[j], d[j])
            m_new = m_pi[j] - delta[j] * (A[j] * m_at - f_k[j])
            d_new = d_pi[j] - delta[j] * (A[j] * d_at)
            product = m_third * d_third
            sum_A[j] += product
            sum_delta[j] += A[j] * product - f_k[j] * d_third + half * (m_pi[j] * d_pi[j] + m_new * d_new)
            out[j] = -scale[j] * d_third
            m[j], d[j] = m_third + h * m_new, d_third + h * d_new
            m_pi[j] = m_new
            d_pi[j] = d_new + epsilon[j] * g_next[j]
    sums[0, lo:hi], sums[1, lo:hi] = scale * sum_A, -sum_delta / epsilon


@jit
def released_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_u, grad_B, sums, lo, hi):
    """Run two echoes; u is read at the third, A, B and δ at the end of the step, the next nudge included."""
    A, delta, epsilon = theta[0, lo:hi], delta[lo:hi], epsilon[lo:hi]
    real, n, last = delta.dtype.type, hi - lo, f.shape[0] - 1
    half = real(0.5)
    q, r = phi[lo:hi].copy(), phi[lo:hi].copy()
    kick = epsilon * g[last, lo:hi]
    p, s = -pi[lo:hi] + kick, -pi[lo:hi] - kick
    sum_A, sum_delta = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    scale, nothing = -delta / (real(2) * epsilon), np.zeros(n, delta.dtype)
    for k in range(last, -1, -1):
        for path in (f, g, grad_u, grad_B):
            ask(path, k, lo, hi)
        f_k, out_u, out_B = f[k, lo:hi], grad_u[k, lo:hi], grad_B[k, lo:hi]
        g_next = g[k - 1, lo:hi] if k > 0 else nothing
        for j in range(n):
            h = half * delta[j]
            q_third, r_third = q[j] + h * p[j], r[j] + h * s[j]
            q_at, r_at = (q_third, r_third) if at_third else (q[j], r[j])
            p_new = p[j] - delta[j] * (A[j] * q_at - f_k[j])
            s_new = s[j] - delta[j] * (A[j] * r_at - f_k[j])
            q_new, r_new = q_third + h * p_new, r_third + h * s_new
            nudge = epsilon[j] * g_next[j]
            p_new, s_new = p_new + nudge, s_new - nudge
            of_A = half * q_new * q_new - half * r_new * r_new
            sum_A[j] += of_A
            plus = half * A[j] * q_new * q_new - q_new * f_k[j] + half * p_new * p_new
            minus = half * A[j] * r_new * r_new - r_new * f_k[j] + half * s_new * s_new
            sum_delta[j] += plus - minus
            out_u[j] = -scale[j] * (q_third - r_third)
            out_B[j] = -scale[j] * (q_new - r_new)
            q[j], r[j], p[j], s[j] = q_new, r_new, p_new, s_new
    sums[0, lo:hi], sums[1, lo:hi] = scale * sum_A, -sum_delta / (real(2) * epsilon)
