"""The nonlinear unit: V = ½ α φ² + c̃ log cosh(w φ + f + b)/w; theta = [α, w, b, c̃]. See the package's docstring."""

import math

import numpy as np

from kernels.cpu.ahead import ask
from kernels.cpu.elementary import tanh, tanh_and_log_cosh, tanh_and_sech2
from kernels.cpu.launch import jit

#: Below this |β| the pair's contrasts come from series in tanh β that need no more than one tanh per step.
SMALL = 0.03
#: s² and weight of ∫₀¹ (1 − s²) · ds: the positive half of 14 points, good to rounding in double while |β| < ½.
NODES = np.array([(s * s, weight * (1 - s * s)) for s, weight in zip(*np.polynomial.legendre.leggauss(14), strict=True) if s > 0])
#: The smallest double of full precision.
TINY = float(np.finfo(np.float64).tiny)


@jit
def forward(theta, delta, f, at_third, phi, pi, lo, hi):
    """Step from rest: φ⅓ = φ + δπ/2; π −= δ (α φ⅓ + c̃ tanh(w φ⅓ + f + b)); φ = φ⅓ + δπ/2."""
    alpha, w, b, c, delta = theta[0, lo:hi], theta[1, lo:hi], theta[2, lo:hi], theta[3, lo:hi], delta[lo:hi]
    real, n = delta.dtype.type, hi - lo
    half = real(0.5)
    q, p = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    for k in range(f.shape[0]):
        f_k, phi_k, pi_k = f[k, lo:hi], phi[k, lo:hi], pi[min(k, pi.shape[0] - 1), lo:hi]
        for j in range(n):
            h = half * delta[j]
            third = q[j] + h * p[j]
            at = third if at_third else q[j]
            moved = p[j] - delta[j] * (alpha[j] * at + c[j] * tanh(w[j] * at + (f_k[j] + b[j])))
            q[j] = third + h * moved
            p[j] = moved
            phi_k[j] = q[j]
            pi_k[j] = moved


@jit
def adjoint(theta, delta, f, phi, pi, g, at_third, grad_f, sums, lo, hi):
    """Go back through the steps with λ = dL/dΦ; ∂F = φ for α, tanh for c̃, c̃(1 − tanh²) times φ for w, times 1 for b and f."""
    alpha, w, b, c, delta = theta[0, lo:hi], theta[1, lo:hi], theta[2, lo:hi], theta[3, lo:hi], delta[lo:hi]
    real, n = delta.dtype.type, hi - lo
    half, zero, one = real(0.5), real(0), real(1)
    l_phi, l_pi, nothing = np.zeros(n, delta.dtype), np.zeros(n, delta.dtype), np.zeros(n, delta.dtype)
    total = np.zeros((5, n), delta.dtype)
    sum_alpha, sum_w, sum_b, sum_c, sum_delta = total[0], total[1], total[2], total[3], total[4]
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
            t = tanh(w[j] * at + (f_k[j] + b[j]))
            force = alpha[j] * at + c[j] * t
            l_q = l_phi[j] + g_k[j]
            l_p = l_pi[j] + h * l_q
            pull = -delta[j] * l_p
            steep = c[j] * (one - t * t) * pull
            drawn = alpha[j] * pull + w[j] * steep
            l_third = l_q + (drawn if at_third else zero)
            sum_delta[j] += half * (after[j] * l_q + p[j] * l_third) - force * l_p
            sum_alpha[j] += pull * at
            sum_w[j] += steep * at
            sum_b[j] += steep
            sum_c[j] += pull * t
            out[j] = steep
            l_phi[j] = l_q + drawn
            l_pi[j] = l_p + h * l_third
    sums[:, lo:hi] = total


@jit
def _tanh(w, at, f_k, b, out):
    """Write tanh(w at + f + b). In a function of its own, or the compiler would not vectorise it inside the larger ones."""
    for j in range(len(out)):
        out[j] = tanh(w[j] * at[j] + (f_k[j] + b[j]))


@jit
def _tanh_and_log_cosh(w, at, f_k, b, out, energy):
    """Write tanh(a) and log cosh(a) of a = w at + f + b; apart, as ``_tanh`` is."""
    for j in range(len(out)):
        out[j], energy[j] = tanh_and_log_cosh(w[j] * at[j] + (f_k[j] + b[j]))


@jit
def _tanh_and_sech2(w, at, f_k, b, out, steep):
    """Write tanh(a) and sech²(a) of a = w at + f + b; apart, as ``_tanh`` is."""
    for j in range(len(out)):
        out[j], steep[j] = tanh_and_sech2(w[j] * at[j] + (f_k[j] + b[j]))


@jit
def _copy(x, y, to_x, to_y):
    """Copy two rows: a loop over one array of two, chosen at each step, would not be vectorised."""
    for j in range(len(x)):
        to_x[j], to_y[j] = x[j], y[j]


@jit
def _any_contrast(a, beta):
    """Return t̄, h/β, A/β and q/β² for any a, β, one by one, in double (see impl_torch.hamiltonians.nonlinear.pair_ratios)."""
    x, y = abs(np.float64(a)), abs(np.float64(beta))
    low, size = min(x, y), max(y, TINY)
    less_x, less_y = -math.expm1(-2 * x), -math.expm1(-2 * y)
    near, far = math.exp(-2 * abs(x - y)), math.exp(-2 * (x + y))
    share = 1 / ((1 + near) * (1 + far))
    big_t, tau = less_x / (2 - less_x), less_y / (2 - less_y)
    per_y = 2.0 if y < TINY else less_y / size
    slope = per_y / (2 - less_y)
    mean = (1.0 if x > y else near) * less_x * (2 - less_x) * share
    half = (near if x > y else 1.0) * per_y * (2 - less_y) * share
    if low > 1 / 3:
        half_log = 0.5 * math.log1p((near - far) / (1 + far))
        area = (low - half_log) / size
    else:
        z = max(big_t * tau, TINY)
        half_log = 0.5 * math.log1p(2 * z / (1 - z))
        area = big_t * slope * (half_log / z)
    if y < 0.5:
        u, v, curl = tau * tau, tau * tau * big_t * big_t, 0.0
        for i in range(len(NODES)):
            curl += NODES[i, 1] / ((1 - NODES[i, 0] * u) * (1 - NODES[i, 0] * v))
        curl *= big_t * tau * slope * half
    elif x < y:
        curl = (area - mean) / size
    else:
        curl = (near * share * (2 - less_y * (2 - less_y) + 2 * far) - half_log / size) / size
    return math.copysign(mean, a), half, math.copysign(area, a), math.copysign(curl, a) * math.copysign(1.0, beta)


@jit
def pair_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_f, sums, lo, hi):
    """Run both echoes as mean m and half difference d.

    With a = w m + f + b, β = w d, T = tanh a, τ = tanh β, s = 1 − T²τ²: (t₊ + t₋)/2 = T(1 − τ²)/s, h = (t₊ − t₋)/2 = τ sech²a/s,
    A = artanh(Tτ), and q = A − β(t₊ + t₋)/2 = T sech²a/s · Σ_{i≥1} 2τ^{2i+1}/(4i² − 1) · (1 + T² + … + T^{2i−2}).
    The sums hold h/w, A/w and q/w² through h/β, A/β and q/β²: nothing is divided by w, which may be 0.
    """
    alpha, w, b, c = theta[0, lo:hi], theta[1, lo:hi], theta[2, lo:hi], theta[3, lo:hi]
    delta, epsilon = delta[lo:hi], epsilon[lo:hi]
    real, n, last = delta.dtype.type, hi - lo, f.shape[0] - 1
    half, one, small = real(0.5), real(1), real(SMALL)
    e3, e5, e7, e9 = real(-1 / 3), real(2 / 15), real(-17 / 315), real(62 / 2835)
    a3, a5, a7, a9 = real(1 / 3), real(1 / 5), real(1 / 7), real(1 / 9)
    q3, q5, q7, q9 = real(2 / 3), real(2 / 15), real(2 / 35), real(2 / 63)
    m, m_pi, d = phi[lo:hi].copy(), -pi[lo:hi], np.zeros(n, delta.dtype)
    d_pi = epsilon * g[last, lo:hi]
    total, lanes = np.zeros((5, n), delta.dtype), np.zeros((9, n), delta.dtype)
    sum_alpha, sum_w, sum_f, sum_A, sum_delta = total[0], total[1], total[2], total[3], total[4]
    m_3, d_3, mean, steep, contrast, curl = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5]
    scale, nothing, m_at, d_at = -delta / epsilon, lanes[6], lanes[7], lanes[8]
    for k in range(last, -1, -1):
        for path in (f, g, grad_f):
            ask(path, k, lo, hi)
        f_k, out = f[k, lo:hi], grad_f[k, lo:hi]
        g_next = g[k - 1, lo:hi] if k > 0 else nothing
        large = 0
        for j in range(n):
            h = half * delta[j]
            m_3[j], d_3[j] = m[j] + h * m_pi[j], d[j] + h * d_pi[j]
            large += np.int32((abs(w[j] * d_3[j]) >= small) | (abs(w[j] * d[j]) >= small))
        if large == 0:
            _tanh_and_sech2(w, m_3, f_k, b, mean, steep)
            for j in range(n):
                beta, t = w[j] * d_3[j], mean[j]
                u = beta * beta
                r = one + u * (e3 + u * (e5 + u * (e7 + u * e9)))
                tau = beta * r
                u, v, x = tau * tau, t * t, t * tau
                z = x * x
                share = one / (one - z)
                rd, steep_j = r * d_3[j], steep[j] * share
                mean[j], steep[j] = t * (one - u) * share, r * steep_j
                contrast[j] = rd * t * (one + z * (a3 + z * (a5 + z * (a7 + z * a9))))
                v5, v7 = one + v, one + v * (one + v)
                curl[j] = x * rd * rd * steep_j * (q3 + u * (q5 * v5 + u * (q7 * v7 + u * q9 * (one + v * v7))))
        else:
            for j in range(n):
                mean[j], steep[j], area, bend = _any_contrast(w[j] * m_3[j] + (f_k[j] + b[j]), w[j] * d_3[j])
                contrast[j], curl[j] = d_3[j] * area, d_3[j] * (d_3[j] * bend)
        for j in range(n):
            of_f = c[j] * d_3[j] * steep[j]
            sum_alpha[j] += m_3[j] * d_3[j]
            sum_w[j] += m_3[j] * of_f - c[j] * curl[j]
            sum_f[j] += of_f
            sum_A[j] += contrast[j]
            sum_delta[j] += alpha[j] * m_3[j] * d_3[j] + c[j] * contrast[j]
            out[j] = scale[j] * of_f
        if at_third:
            _copy(m_3, d_3, m_at, d_at)
        else:
            _copy(m, d, m_at, d_at)
            for j in range(n):
                mean[j], steep[j], _, _ = _any_contrast(w[j] * m[j] + (f_k[j] + b[j]), w[j] * d[j])
        for j in range(n):
            h = half * delta[j]
            m_new = m_pi[j] - delta[j] * (alpha[j] * m_at[j] + c[j] * mean[j])
            d_new = d_pi[j] - delta[j] * (alpha[j] * d_at[j] + c[j] * (w[j] * d_at[j] * steep[j]))
            sum_delta[j] += half * (m_pi[j] * d_pi[j] + m_new * d_new)
            m[j], d[j] = m_3[j] + h * m_new, d_3[j] + h * d_new
            m_pi[j] = m_new
            d_pi[j] = d_new + epsilon[j] * g_next[j]
    for i in range(4):
        sums[i, lo:hi] = scale * total[i]
    sums[4, lo:hi] = -sum_delta / epsilon


@jit
def _flat(w, c, b, scale, f_k, q, r, sum_w, sum_f, sum_c, out):
    """Add what the lanes with w = 0 contribute: V's limit c̃ (φ tanh g + ½ w φ² sech² g), g = f + b, at φ = q less that at r."""
    for j in range(len(out)):
        if w[j] == 0:
            t, steep = tanh_and_sech2(f_k[j] + b[j])
            apart = q[j] - r[j]
            slope = c[j] * steep * apart
            sum_w[j] += slope * (q[j] + r[j]) / w.dtype.type(2)
            sum_f[j] += slope
            sum_c[j] += t * apart
            out[j] = scale[j] * slope


@jit
def released_echo(theta, delta, f, g, epsilon, phi, pi, at_third, grad_u, grad_B, sums, lo, hi):
    """Run two echoes; everything is read at the third, and δ has no gradient."""
    alpha, w, b, c = theta[0, lo:hi], theta[1, lo:hi], theta[2, lo:hi], theta[3, lo:hi]
    delta, epsilon = delta[lo:hi], epsilon[lo:hi]
    real, n, last = delta.dtype.type, hi - lo, f.shape[0] - 1
    half, one = real(0.5), real(1)
    q, r = phi[lo:hi].copy(), phi[lo:hi].copy()
    kick = epsilon * g[last, lo:hi]
    p, s = -pi[lo:hi] + kick, -pi[lo:hi] - kick
    total, lanes = np.zeros((4, n), delta.dtype), np.zeros((9, n), delta.dtype)
    q_3, r_3, t, energy, o, low, nothing = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5], lanes[6]
    q_at, r_at = lanes[7], lanes[8]
    sum_alpha, sum_w, sum_f, sum_c = total[0], total[1], total[2], total[3]
    inverse, scale, has_flat = np.where(w == 0, real(0), one / w), -delta / (real(2) * epsilon), (w == 0).any()
    for k in range(last, -1, -1):
        for path in (f, g, grad_u, grad_B):
            ask(path, k, lo, hi)
        f_k, out = f[k, lo:hi], grad_u[k, lo:hi]
        g_next = g[k - 1, lo:hi] if k > 0 else nothing
        for j in range(n):
            h = half * delta[j]
            q_3[j], r_3[j] = q[j] + h * p[j], r[j] + h * s[j]
        _tanh_and_log_cosh(w, q_3, f_k, b, t, energy)
        _tanh_and_log_cosh(w, r_3, f_k, b, o, low)
        for j in range(n):
            slope = c[j] * (t[j] - o[j]) * inverse[j]
            well = (energy[j] - low[j]) * inverse[j]
            sum_alpha[j] += half * q_3[j] * q_3[j] - half * r_3[j] * r_3[j]
            sum_w[j] += c[j] * inverse[j] * (q_3[j] * t[j] - r_3[j] * o[j] - well)
            sum_f[j] += slope
            sum_c[j] += well
            out[j] = scale[j] * slope
        if has_flat:
            _flat(w, c, b, scale, f_k, q_3, r_3, sum_w, sum_f, sum_c, out)
        if at_third:
            _copy(q_3, r_3, q_at, r_at)
        else:
            _copy(q, r, q_at, r_at)
            _tanh(w, q, f_k, b, t)
            _tanh(w, r, f_k, b, o)
        for j in range(n):
            p_new = p[j] - delta[j] * (alpha[j] * q_at[j] + c[j] * t[j])
            s_new = s[j] - delta[j] * (alpha[j] * r_at[j] + c[j] * o[j])
            q[j] = q_3[j] + half * delta[j] * p_new
            r[j] = r_3[j] + half * delta[j] * s_new
            nudge = epsilon[j] * g_next[j]
            p[j] = p_new + nudge
            s[j] = s_new - nudge
    grad_B[:, lo:hi] = grad_u[:, lo:hi]
    for i in range(4):
        sums[i, lo:hi] = scale * total[i]
    sums[4, lo:hi] = 0
