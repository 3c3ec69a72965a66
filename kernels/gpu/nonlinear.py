"""The nonlinear unit, V = ½ α φ² + c̃ log cosh(w φ + f + b)/w, theta = [α, w, b, c̃].

One program per block of channels loops over all time steps. Shapes: theta (4, N); delta, epsilon (N,);
f, g, phi, pi (K, N); dtype float32 or float64.
"""

# pyright: reportGeneralTypeIssues=false
# Triton's compiler loops over tl.range; to Python it is no iterator.
import triton
import triton.language as tl

from kernels.gpu.elementary import SMALL, all_of_cosh, any_contrast, small_contrast, tanh, tanh_and_sech2

#: Rows that a loop prefetches while it computes as many time steps, which hides the latency of memory. The loop over them
#: is unrolled, since a row in flight must not move between registers.
AHEAD = tl.constexpr(8)


@triton.jit
def _unit(theta, delta, N, lane, live):
    """Return α, w, b, c̃ and δ of the channels."""
    alpha = tl.load(theta + lane, mask=live, other=1.0)
    w = tl.load(theta + N + lane, mask=live, other=1.0)
    b = tl.load(theta + 2 * N + lane, mask=live, other=1.0)
    c = tl.load(theta + 3 * N + lane, mask=live, other=1.0)
    return alpha, w, b, c, tl.load(delta + lane, mask=live, other=1.0)


@triton.jit
def _kick(q, p, shift, alpha, w, c, delta, AT_MIDPOINT: tl.constexpr):
    """Return φ and π after a time step; ``shift`` is drive plus bias."""
    h = 0.5 * delta
    third = q + h * p
    at = third if AT_MIDPOINT else q
    p = p - delta * (alpha * at + c * tanh(w * at + shift))
    return third + h * p, p


@triton.jit
def _rows(path, row, step, live, end):
    """Prefetch AHEAD (eight) rows from ``row``, ``step`` apart; 0 outside the trajectory."""
    return (
        _row(path, row, live, end), _row(path, row + step, live, end),
        _row(path, row + 2 * step, live, end), _row(path, row + 3 * step, live, end),
        _row(path, row + 4 * step, live, end), _row(path, row + 5 * step, live, end),
        _row(path, row + 6 * step, live, end), _row(path, row + 7 * step, live, end),
    )  # fmt: skip


@triton.jit
def _row(path, row, live, end):
    """Prefetch one row; 0 outside the trajectory."""
    return tl.load(path + row, mask=live & (row >= 0) & (row < end), other=0.0)


@triton.jit
def forward(theta, delta, f, K, N, phi, pi, AT_MIDPOINT: tl.constexpr, KEEP: tl.constexpr, BLOCK: tl.constexpr):
    """Integrate from rest: φ⅓ = φ + δπ/2; π −= δ (α φ⅓ + c̃ tanh(w φ⅓ + f + b)); φ = φ⅓ + δπ/2.

    KEEP: store π at every time step, else only the last.
    """
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    q, p = delta * 0, delta * 0
    row, step = tl.cast(lane, tl.int64), tl.cast(N, tl.int64)
    end = step * K
    now = _rows(f, row, step, live, end)
    for _ in tl.range(0, K // AHEAD):
        later = _rows(f, row + AHEAD * step, step, live, end)
        for j in tl.static_range(AHEAD):
            q, p = _kick(q, p, now[j] + b, alpha, w, c, delta, AT_MIDPOINT)
            tl.store(phi + row, q, mask=live)
            if KEEP:
                tl.store(pi + row, p, mask=live)
            row += step
        now = later
    for _ in tl.range(0, K % AHEAD):
        q, p = _kick(q, p, _row(f, row, live, end) + b, alpha, w, c, delta, AT_MIDPOINT)
        tl.store(phi + row, q, mask=live)
        if KEEP:
            tl.store(pi + row, p, mask=live)
        row += step
    if not KEEP:
        tl.store(pi + lane, p, mask=live)


@triton.jit
def _lambdas(state, sums, q, p, f, g, unit, grad, live, AT_MIDPOINT: tl.constexpr):
    """Sweep back one time step: update λ and the sums; store the gradient with respect to f."""
    l_phi, l_pi, after = state
    sum_alpha, sum_w, sum_b, sum_c, sum_delta = sums
    alpha, w, b, c, delta = unit
    h = 0.5 * delta
    third = q + h * p
    at = third if AT_MIDPOINT else q
    t = tanh(w * at + (f + b))
    force = alpha * at + c * t
    l_q = l_phi + g
    l_p = l_pi + h * l_q
    pull = -delta * l_p
    steep = c * (1 - t * t) * pull
    drawn = alpha * pull + w * steep
    l_third = l_q + drawn if AT_MIDPOINT else l_q
    sum_delta += 0.5 * (after * l_q + p * l_third) - force * l_p
    sum_alpha += pull * at
    sum_w += steep * at
    sum_b += steep
    sum_c += pull * t
    tl.store(grad, steep, mask=live)
    return (l_q + drawn, l_p + h * l_third, p), (sum_alpha, sum_w, sum_b, sum_c, sum_delta)


@triton.jit
def adjoint(theta, delta, f, phi, pi, g, K, N, grad_f, sums, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Sweep backwards with λ = dL/dΦ.

    Derivatives of the force: φ for α, tanh for c̃, c̃(1 − tanh²) times φ for w, times 1 for b and f.
    """
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    unit = _unit(theta, delta, N, lane, live)
    zero = unit[0] * 0
    step = -tl.cast(N, tl.int64)
    end = -step * K
    row = lane + step + end
    state = (zero, zero, tl.load(pi + row, mask=live, other=0.0))
    found = (zero, zero, zero, zero, zero)
    q, p = _rows(phi, row + step, step, live, end), _rows(pi, row + step, step, live, end)
    fs, gs = _rows(f, row, step, live, end), _rows(g, row, step, live, end)
    for _ in tl.range(0, K // AHEAD):
        far = row + AHEAD * step
        later_q, later_p = _rows(phi, far + step, step, live, end), _rows(pi, far + step, step, live, end)
        later_f, later_g = _rows(f, far, step, live, end), _rows(g, far, step, live, end)
        for j in tl.static_range(AHEAD):
            state, found = _lambdas(state, found, q[j], p[j], fs[j], gs[j], unit, grad_f + row, live, AT_MIDPOINT)
            row += step
        q, p, fs, gs = later_q, later_p, later_f, later_g
    for _ in tl.range(0, K % AHEAD):
        before_q, before_p = _row(phi, row + step, live, end), _row(pi, row + step, live, end)
        of_f, of_g = _row(f, row, live, end), _row(g, row, live, end)
        state, found = _lambdas(state, found, before_q, before_p, of_f, of_g, unit, grad_f + row, live, AT_MIDPOINT)
        row += step
    for i in tl.static_range(5):
        tl.store(sums + i * N + lane, found[i], mask=live)


@triton.jit
def _contrast(a, beta, GENERAL: tl.constexpr):
    """Return (t₊ + t₋)/2, h/β, A/β, q/β², by series or by the formulas for any β."""
    if GENERAL:
        mean, steep, contrast, curl = any_contrast(a, beta)
    else:
        t, sech2 = tanh_and_sech2(a)
        mean, steep, contrast, curl = small_contrast(t, sech2, beta)
    return mean, steep, contrast, curl


@triton.jit
def _pair_step(
    m, m_pi, d, d_pi, shift, alpha, w, c, delta, AT_MIDPOINT: tl.constexpr, GENERAL: tl.constexpr
):  # fmt: skip
    """Return m, d and their momenta after a time step of the pair, and intermediate values for the sums."""
    h = 0.5 * delta
    m_3, d_3 = m + h * m_pi, d + h * d_pi
    mean, steep, contrast, curl = _contrast(w * m_3 + shift, w * d_3, GENERAL)
    of_f, contrast, curl = c * d_3 * steep, d_3 * contrast, d_3 * (d_3 * curl)
    m_at, d_at = m_3, d_3
    if not AT_MIDPOINT:
        m_at, d_at = m, d
        mean, steep, _, _ = _contrast(w * m + shift, w * d, GENERAL)
    m_new = m_pi - delta * (alpha * m_at + c * mean)
    d_new = d_pi - delta * (alpha * d_at + c * (w * d_at * steep))
    return m_3 + h * m_new, m_new, d_3 + h * d_new, d_new, m_3, d_3, of_f, contrast, curl


@triton.jit
def _pair_back(state, found, f, g, unit, epsilon, grad, live, AT_MIDPOINT: tl.constexpr, GENERAL: tl.constexpr):
    """Take a time step of the pair, update the sums, store the gradient with respect to f, apply the nudge."""
    m, m_pi, d, d_pi, reach = state
    sum_alpha, sum_w, sum_f, sum_A, sum_delta = found
    alpha, w, b, c, delta = unit
    before = w * d
    m, m_new, d, d_new, m_3, d_3, of_f, contrast, curl = _pair_step(
        m, m_pi, d, d_pi, f + b, alpha, w, c, delta, AT_MIDPOINT, GENERAL
    )
    if not GENERAL:
        reach = tl.maximum(reach, tl.maximum(tl.abs(w * d_3), tl.abs(before)))
    sum_alpha += m_3 * d_3
    sum_w += m_3 * of_f - c * curl
    sum_f += of_f
    sum_A += contrast
    sum_delta += alpha * m_3 * d_3 + c * contrast + 0.5 * (m_pi * d_pi + m_new * d_new)
    tl.store(grad, -delta / epsilon * of_f, mask=live)
    return (m, m_new, d, d_new + epsilon * g, reach), (sum_alpha, sum_w, sum_f, sum_A, sum_delta)


@triton.jit
def _pair(
    theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_MIDPOINT: tl.constexpr, GENERAL: tl.constexpr
):  # fmt: skip
    """Run the pair once, by series or by the formulas for any β; return the largest |β|."""
    unit = _unit(theta, delta, N, lane, live)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    zero = unit[0] * 0
    step = -tl.cast(N, tl.int64)
    end = -step * K
    row = lane + step + end
    m, m_pi = tl.load(phi + lane, mask=live, other=0.0), -tl.load(pi + lane, mask=live, other=0.0)
    state = (m, m_pi, zero, epsilon * _row(g, row, live, end), zero)
    found = (zero, zero, zero, zero, zero)
    written = 0
    if not GENERAL:  # GENERAL is rare and long: unrolled, it would take half a minute to compile
        written = K // AHEAD
        fs, gs = _rows(f, row, step, live, end), _rows(g, row + step, step, live, end)
        for _ in tl.range(0, written):
            far = row + AHEAD * step
            later_f, later_g = _rows(f, far, step, live, end), _rows(g, far + step, step, live, end)
            for j in tl.static_range(AHEAD):
                state, found = _pair_back(state, found, fs[j], gs[j], unit, epsilon, grad_f + row, live, AT_MIDPOINT, GENERAL)
                row += step
            fs, gs = later_f, later_g
    of_f, of_g = _row(f, row, live, end), _row(g, row + step, live, end)
    for _ in tl.range(0, K - written * AHEAD):
        next_f, next_g = _row(f, row + step, live, end), _row(g, row + 2 * step, live, end)
        state, found = _pair_back(state, found, of_f, of_g, unit, epsilon, grad_f + row, live, AT_MIDPOINT, GENERAL)
        row += step
        of_f, of_g = next_f, next_g
    scale = -unit[4] / epsilon
    for i in tl.static_range(4):
        tl.store(sums + i * N + lane, scale * found[i], mask=live)
    tl.store(sums + 4 * N + lane, -found[4] / epsilon, mask=live)
    return state[4]


@triton.jit
def pair_echo(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Run both echoes as mean m and half difference d.

    A block whose β leaves the range of the series is recomputed with the formulas for any β.
    """
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    reach = _pair(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_MIDPOINT, False)
    if tl.max(tl.where(live, reach, 0.0), 0) >= SMALL:
        _pair(theta, delta, f, g, epsilon, phi, pi, K, N, grad_f, sums, lane, live, AT_MIDPOINT, True)


@triton.jit
def _released_back(state, found, f, g, unit, scale, epsilon, grad, live, AT_MIDPOINT: tl.constexpr):
    """Take a time step of both echoes, update the sums, store the gradient towards u, apply the nudge."""
    q, p, r, s = state
    sum_alpha, sum_w, sum_f, sum_c = found
    alpha, w, b, c, delta = unit
    h, shift, flat = 0.5 * delta, f + b, w == 0
    inverse = 1 / tl.where(flat, 1.0, w)
    q_3, r_3 = q + h * p, r + h * s
    t, sech2, energy = all_of_cosh(w * q_3 + shift)
    o, _, low = all_of_cosh(w * r_3 + shift)
    # At w = 0, the limit of V: c̃ (φ tanh g + ½ w φ² sech² g), g = f + b.
    steep, mid = sech2 * (q_3 - r_3), 0.5 * (q_3 + r_3)
    slope = c * tl.where(flat, steep, (t - o) * inverse)
    well = tl.where(flat, t * (q_3 - r_3), (energy - low) * inverse)
    sum_alpha += 0.5 * q_3 * q_3 - 0.5 * r_3 * r_3
    sum_w += c * tl.where(flat, steep * mid, inverse * (q_3 * t - r_3 * o - well))
    sum_f += slope
    sum_c += well
    tl.store(grad, scale * slope, mask=live)
    q_at, r_at = q_3, r_3
    if not AT_MIDPOINT:
        q_at, r_at, t, o = q, r, tanh(w * q + shift), tanh(w * r + shift)
    p_new = p - delta * (alpha * q_at + c * t)
    s_new = s - delta * (alpha * r_at + c * o)
    nudge = epsilon * g
    return (q_3 + h * p_new, p_new + nudge, r_3 + h * s_new, s_new - nudge), (sum_alpha, sum_w, sum_f, sum_c)


@triton.jit
def released_echo(theta, delta, f, g, epsilon, phi, pi, K, N, grad_u, sums, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Run two echoes as the released code does.

    All contrasts are read at the midpoint, and δ has no gradient. The gradient towards B equals that towards u.
    """
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    unit = _unit(theta, delta, N, lane, live)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    zero, scale = unit[0] * 0, -unit[4] / (2 * epsilon)
    step = -tl.cast(N, tl.int64)
    end = -step * K
    row = lane + step + end
    q, pi_end = tl.load(phi + lane, mask=live, other=0.0), -tl.load(pi + lane, mask=live, other=0.0)
    nudge = epsilon * _row(g, row, live, end)
    state = (q, pi_end + nudge, q, pi_end - nudge)
    found = (zero, zero, zero, zero)
    fs, gs = _rows(f, row, step, live, end), _rows(g, row + step, step, live, end)
    for _ in tl.range(0, K // AHEAD):
        far = row + AHEAD * step
        later_f, later_g = _rows(f, far, step, live, end), _rows(g, far + step, step, live, end)
        for j in tl.static_range(AHEAD):
            state, found = _released_back(state, found, fs[j], gs[j], unit, scale, epsilon, grad_u + row, live, AT_MIDPOINT)
            row += step
        fs, gs = later_f, later_g
    for _ in tl.range(0, K % AHEAD):
        of_f, of_g = _row(f, row, live, end), _row(g, row + step, live, end)
        state, found = _released_back(state, found, of_f, of_g, unit, scale, epsilon, grad_u + row, live, AT_MIDPOINT)
        row += step
    for i in tl.static_range(4):
        tl.store(sums + i * N + lane, scale * found[i], mask=live)
    tl.store(sums + 4 * N + lane, zero, mask=live)


@triton.jit
def chain(theta, delta, K, N, end, PAIR: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Run the time steps of ``forward``, or of the pair, in registers only; store φ.

    It measures the latency bound of the sequential recurrence.
    """
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    alpha, w, b, c, delta = _unit(theta, delta, N, lane, live)
    q, p = delta * 0, delta * 0
    d, d_pi = delta * 0, delta * 0 + 1e-3
    for _ in tl.range(0, K):
        if PAIR:
            q, p, d, d_pi, _, _, _, _, _ = _pair_step(q, p, d, d_pi, b, alpha, w, c, delta, AT_MIDPOINT, False)
        else:
            q, p = _kick(q, p, b, alpha, w, c, delta, AT_MIDPOINT)
    tl.store(end + lane, q + d, mask=live)
