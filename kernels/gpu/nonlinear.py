"""The nonlinear unit: V = ½ α φ² + c̃ log cosh(w φ + f + b)/w; theta = [α, w, b, c̃]. Time runs inside a program per block."""

# pyright: reportGeneralTypeIssues=false
# tl.range is what Triton's compiler loops over; to Python it is no iterator.
import triton
import triton.language as tl

from kernels.gpu.elementary import SMALL, any_contrast, any_tanh_pair, small_contrast, tanh, tanh_and_log_cosh

#: Steps ahead of which a loop asks for its rows, so that memory does not hold up the chain of steps.
STAGES = tl.constexpr(4)


@triton.jit
def _unit(theta, delta, N, lane, live):
    """Return α, w, b, c̃, δ of the lanes."""
    alpha = tl.load(theta + lane, mask=live, other=1.0)
    w = tl.load(theta + N + lane, mask=live, other=1.0)
    b = tl.load(theta + 2 * N + lane, mask=live, other=1.0)
    c = tl.load(theta + 3 * N + lane, mask=live, other=1.0)
    return alpha, w, b, c, tl.load(delta + lane, mask=live, other=1.0)


@triton.jit
def _kick(q, p, shift, alpha, w, c, delta, AT_THIRD: tl.constexpr):
    """Return φ, π after a step whose drive and bias are ``shift``."""
    h = 0.5 * delta
    third = q + h * p
    at = third if AT_THIRD else q
    p = p - delta * (alpha * at + c * tanh(w * at + shift))
    return third + h * p, p


@triton.jit
def forward(theta, delta, f, K, N, phi, pi, AT_THIRD: tl.constexpr, KEEP: tl.constexpr, BLOCK: tl.constexpr):
    """Step from rest: φ⅓ = φ + δπ/2; π −= δ (α φ⅓ + c̃ tanh(w φ⅓ + f + b)); φ = φ⅓ + δπ/2. KEEP: every π, or the last alone."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    q, p = delta * 0, delta * 0
    row = tl.cast(lane, tl.int64)
    for _ in tl.range(0, K, num_stages=STAGES):
        shift = tl.load(f + row, mask=live, other=0.0) + b
        q, p = _kick(q, p, shift, alpha, w, c, delta, AT_THIRD)
        tl.store(phi + row, q, mask=live)
        if KEEP:
            tl.store(pi + row, p, mask=live)
        row += N
    if not KEEP:
        tl.store(pi + lane, p, mask=live)


@triton.jit
def adjoint(theta, delta, f, phi, pi, g, K, N, grad_f, sums, AT_THIRD: tl.constexpr, BLOCK: tl.constexpr):
    """Go back through the steps with λ = dL/dΦ; ∂F = φ for α, tanh for c̃, c̃(1 − tanh²) times φ for w, times 1 for b and f."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    h = 0.5 * delta
    l_phi, l_pi = delta * 0, delta * 0
    sum_alpha, sum_w, sum_b, sum_c, sum_delta = l_phi, l_phi, l_phi, l_phi, l_phi
    row = tl.cast(lane, tl.int64) + tl.cast(N, tl.int64) * (K - 1)
    after = tl.load(pi + row, mask=live, other=0.0)
    for _ in tl.range(0, K, num_stages=STAGES):
        before = row - N
        q = tl.load(phi + before, mask=live & (before >= 0), other=0.0)
        p = tl.load(pi + before, mask=live & (before >= 0), other=0.0)
        shift = tl.load(f + row, mask=live, other=0.0) + b
        third = q + h * p
        at = third if AT_THIRD else q
        t = tanh(w * at + shift)
        force = alpha * at + c * t
        l_q = l_phi + tl.load(g + row, mask=live, other=0.0)
        l_p = l_pi + h * l_q
        pull = -delta * l_p
        steep = c * (1 - t * t) * pull
        drawn = alpha * pull + w * steep
        l_third = l_q + drawn if AT_THIRD else l_q
        sum_delta += 0.5 * (after * l_q + p * l_third) - force * l_p
        sum_alpha += pull * at
        sum_w += steep * at
        sum_b += steep
        sum_c += pull * t
        tl.store(grad_f + row, steep, mask=live)
        l_phi = l_q + drawn
        l_pi = l_p + h * l_third
        after = p
        row = before
    tl.store(sums + lane, sum_alpha, mask=live)
    tl.store(sums + N + lane, sum_w, mask=live)
    tl.store(sums + 2 * N + lane, sum_b, mask=live)
    tl.store(sums + 3 * N + lane, sum_c, mask=live)
    tl.store(sums + 4 * N + lane, sum_delta, mask=live)


@triton.jit
def _pair_step(
    m, m_pi, d, d_pi, shift, alpha, w, c, delta, AT_THIRD: tl.constexpr, GENERAL: tl.constexpr
):  # fmt: skip
    """Return m, d and their momenta after a step of the pair, and what the sums need of the way (see ``_pair``)."""
    h = 0.5 * delta
    m_3, d_3 = m + h * m_pi, d + h * d_pi
    beta = w * d_3
    if GENERAL:
        mean, half, contrast, curl = any_contrast(w * m_3 + shift, beta)
    else:
        mean, half, contrast, curl = small_contrast(tanh(w * m_3 + shift), beta)
    of_f = c * half
    m_at, d_at = m_3, d_3
    if not AT_THIRD:
        m_at, d_at = m, d
        if GENERAL:
            mean, half = any_tanh_pair(w * m + shift, w * d)
        else:
            mean, half, _, _ = small_contrast(tanh(w * m + shift), w * d)
    m_new = m_pi - delta * (alpha * m_at + c * mean)
    d_new = d_pi - delta * (alpha * d_at + c * half)
    return m_3 + h * m_new, m_new, d_3 + h * d_new, d_new, m_3, d_3, of_f, contrast, curl


@triton.jit
def _pair(
    theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_THIRD: tl.constexpr, GENERAL: tl.constexpr
):  # fmt: skip
    """Run the pair once, by series or by formulas for any β; return the largest |β|."""
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    inverse, scale = 1 / w, -delta / epsilon
    row = tl.cast(lane, tl.int64) + tl.cast(N, tl.int64) * (K - 1)
    m, m_pi = tl.load(phi + lane, mask=live, other=0.0), -tl.load(pi + lane, mask=live, other=0.0)
    d, d_pi = delta * 0, epsilon * tl.load(g + row, mask=live, other=0.0)
    sum_alpha, sum_w, sum_f, sum_A, sum_delta, reach = d, d, d, d, d, d
    for _ in tl.range(0, K, num_stages=STAGES):
        shift = tl.load(f + row, mask=live, other=0.0) + b
        before = w * d
        m, m_new, d, d_new, m_3, d_3, of_f, contrast, curl = _pair_step(
            m, m_pi, d, d_pi, shift, alpha, w, c, delta, AT_THIRD, GENERAL
        )
        of_f = of_f * inverse
        if not GENERAL:
            reach = tl.maximum(reach, tl.maximum(tl.abs(w * d_3), tl.abs(before)))
        sum_alpha += m_3 * d_3
        sum_w += m_3 * of_f - c * curl * inverse * inverse
        sum_f += of_f
        sum_A += contrast * inverse
        sum_delta += alpha * m_3 * d_3 + c * contrast * inverse
        tl.store(grad_f + row, scale * of_f, mask=live)
        sum_delta += 0.5 * (m_pi * d_pi + m_new * d_new)
        row -= N
        m_pi = m_new
        d_pi = d_new + epsilon * tl.load(g + row, mask=live & (row >= 0), other=0.0)
    tl.store(sums + lane, scale * sum_alpha, mask=live)
    tl.store(sums + N + lane, scale * sum_w, mask=live)
    tl.store(sums + 2 * N + lane, scale * sum_f, mask=live)
    tl.store(sums + 3 * N + lane, scale * sum_A, mask=live)
    tl.store(sums + 4 * N + lane, -sum_delta / epsilon, mask=live)
    return reach


@triton.jit
def pair_echo(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, AT_THIRD: tl.constexpr, BLOCK: tl.constexpr):
    """Run both echoes as mean m and half difference d; a block whose β leaves the series' range is run again without series."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    reach = _pair(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_THIRD, False)
    if tl.max(tl.where(live, reach, 0.0), 0) >= SMALL:
        _pair(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_THIRD, True)


@triton.jit
def released_echo(theta, delta, f, g, epsilon, phi, pi, K, N, grad_u, sums, AT_THIRD: tl.constexpr, BLOCK: tl.constexpr):
    """Run two echoes; everything is read at the third, and δ has no gradient. The gradient towards B is that towards u."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    h, inverse, scale = 0.5 * delta, 1 / w, -delta / (2 * epsilon)
    row = tl.cast(lane, tl.int64) + tl.cast(N, tl.int64) * (K - 1)
    q, pi_end = tl.load(phi + lane, mask=live, other=0.0), -tl.load(pi + lane, mask=live, other=0.0)
    nudge = epsilon * tl.load(g + row, mask=live, other=0.0)
    r, p, s = q, pi_end + nudge, pi_end - nudge
    sum_alpha, sum_w, sum_f, sum_c = delta * 0, delta * 0, delta * 0, delta * 0
    for _ in tl.range(0, K, num_stages=STAGES):
        shift = tl.load(f + row, mask=live, other=0.0) + b
        q_3, r_3 = q + h * p, r + h * s
        t, energy = tanh_and_log_cosh(w * q_3 + shift)
        o, low = tanh_and_log_cosh(w * r_3 + shift)
        slope = c * (t - o) * inverse
        well = (energy - low) * inverse
        sum_alpha += 0.5 * q_3 * q_3 - 0.5 * r_3 * r_3
        sum_w += c * inverse * (q_3 * t - r_3 * o - well)
        sum_f += slope
        sum_c += well
        tl.store(grad_u + row, scale * slope, mask=live)
        q_at, r_at = q_3, r_3
        if not AT_THIRD:
            q_at, r_at, t, o = q, r, tanh(w * q + shift), tanh(w * r + shift)
        p_new = p - delta * (alpha * q_at + c * t)
        s_new = s - delta * (alpha * r_at + c * o)
        q, r = q_3 + h * p_new, r_3 + h * s_new
        row -= N
        nudge = epsilon * tl.load(g + row, mask=live & (row >= 0), other=0.0)
        p, s = p_new + nudge, s_new - nudge
    tl.store(sums + lane, scale * sum_alpha, mask=live)
    tl.store(sums + N + lane, scale * sum_w, mask=live)
    tl.store(sums + 2 * N + lane, scale * sum_f, mask=live)
    tl.store(sums + 3 * N + lane, scale * sum_c, mask=live)
    tl.store(sums + 4 * N + lane, delta * 0, mask=live)


@triton.jit
def chain(theta, delta, K, N, end, PAIR: tl.constexpr, AT_THIRD: tl.constexpr, BLOCK: tl.constexpr):
    """Take the steps of ``forward``, or those of the pair, in registers alone, and leave φ: what a pass waits for at least."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    q, p = delta * 0, delta * 0
    d, d_pi = delta * 0, delta * 0 + 1e-3
    for _ in tl.range(0, K):
        if PAIR:
            q, p, d, d_pi, _, _, _, _, _ = _pair_step(q, p, d, d_pi, b, alpha, w, c, delta, AT_THIRD, False)
        else:
            q, p = _kick(q, p, b, alpha, w, c, delta, AT_THIRD)
    tl.store(end + lane, q + d, mask=live)
