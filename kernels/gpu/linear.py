"""The linear unit, V = ½ A φ² − φ f, theta = [A], parallel in time by chunks (``kernels.gpu``).

Each pass has three launches. ``*_ends`` runs every chunk but the last from zero and stores its final
state. ``carry`` computes the chunks' initial states. The pass itself runs every chunk from its initial
state. Chunks are numbered in the order of the pass.

Shapes: theta, delta, epsilon (N,); f, g, phi, pi (K, N); dtype float32 or float64.
"""

# pyright: reportGeneralTypeIssues=false
# Triton's compiler loops over tl.range; to Python it is no iterator.
import triton
import triton.language as tl

#: Time steps by which a loop prefetches its rows.
STAGES = tl.constexpr(4)


@triton.jit
def _step(q, p, f, A, delta, AT_MIDPOINT: tl.constexpr):
    """Return φ and π after a time step, and φ at its midpoint φ_{k+1/3}."""
    h = 0.5 * delta
    third = q + h * p
    at = third if AT_MIDPOINT else q
    moved = p - delta * (A * at - f)
    return third + h * moved, moved, third


@triton.jit
def _back(l_phi, l_pi, g, A, delta, AT_MIDPOINT: tl.constexpr):
    """Return λ before a time step from λ after it, and three intermediate values for the sums.

    These are λφ with g, λπ at the kick, and λφ at the midpoint.
    """
    h = 0.5 * delta
    l_q = l_phi + g
    l_p = l_pi + h * l_q
    drawn = A * (-delta * l_p)
    l_third = l_q + drawn if AT_MIDPOINT else l_q
    return l_q + drawn, l_p + h * l_third, l_q, l_p, l_third


@triton.jit
def _first(theta, delta, N, BLOCK: tl.constexpr):
    """Return this program's channels, their mask, A and δ."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    return lane, live, tl.load(theta + lane, mask=live, other=1.0), tl.load(delta + lane, mask=live, other=1.0)


@triton.jit
def carry(
    theta, delta, ends, N, starts,
    CHUNKS: tl.constexpr, DOUBLINGS: tl.constexpr, SYSTEMS: tl.constexpr, ADJOINT: tl.constexpr, AT_MIDPOINT: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Compute initial states (CHUNKS, 2·SYSTEMS, N) from final states (CHUNKS − 1, 2·SYSTEMS, N).

    S_0 = 0, S_{c+1} = M^LENGTH S_c + end_c, with M the transition of a time step and LENGTH = 2^DOUBLINGS.
    Everything is float64, since an error of M^LENGTH would grow with the number of chunks.
    """
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    A, delta = A.to(tl.float64), delta.to(tl.float64)
    one, zero = delta * 0 + 1, delta * 0
    if ADJOINT:
        a, c, _, _, _ = _back(one, zero, zero, A, delta, AT_MIDPOINT)
        b, d, _, _, _ = _back(zero, one, zero, A, delta, AT_MIDPOINT)
    else:
        a, c, _ = _step(one, zero, zero, A, delta, AT_MIDPOINT)
        b, d, _ = _step(zero, one, zero, A, delta, AT_MIDPOINT)
    for _ in tl.static_range(DOUBLINGS):
        a, b, c, d = a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d
    for system in tl.static_range(SYSTEMS):
        x, y = zero, zero
        row = tl.cast(lane, tl.int64) + 2 * system * N
        for _ in tl.range(0, CHUNKS - 1, num_stages=STAGES):
            tl.store(starts + row, x, mask=live)
            tl.store(starts + row + N, y, mask=live)
            end_x, end_y = tl.load(ends + row, mask=live, other=0.0), tl.load(ends + row + N, mask=live, other=0.0)
            x, y = a * x + b * y + end_x, c * x + d * y + end_y
            row += 2 * SYSTEMS * N
        tl.store(starts + row, x, mask=live)
        tl.store(starts + row + N, y, mask=live)


@triton.jit
def _start(starts, N, lane, live, chunk, system, SYSTEMS: tl.constexpr):
    """Load a chunk's initial state."""
    row = tl.cast(chunk, tl.int64) * (2 * SYSTEMS) * N + 2 * system * N + lane
    return tl.load(starts + row, mask=live, other=0.0), tl.load(starts + row + N, mask=live, other=0.0)


@triton.jit
def _leave(ends, N, lane, live, chunk, system, x, y, SYSTEMS: tl.constexpr):
    """Store a chunk's final state or sums."""
    row = tl.cast(chunk, tl.int64) * (2 * SYSTEMS) * N + 2 * system * N + lane
    tl.store(ends + row, x, mask=live)
    tl.store(ends + row + N, y, mask=live)


@triton.jit
def forward_ends(theta, delta, f, K, N, ends, LENGTH: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Run all chunks of LENGTH time steps from rest."""
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    chunk = tl.program_id(1)
    q, p = delta * 0, delta * 0
    row = tl.cast(chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, LENGTH, num_stages=STAGES):
        q, p, _ = _step(q, p, tl.load(f + row, mask=live, other=0.0), A, delta, AT_MIDPOINT)
        row += N
    _leave(ends, N, lane, live, chunk, 0, q, p, 1)


@triton.jit
def forward(
    theta, delta, f, starts, K, N, phi, pi,
    LENGTH: tl.constexpr, KEEP: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Integrate each chunk: φ⅓ = φ + δπ/2; π −= δ (A φ⅓ − f); φ = φ⅓ + δπ/2.

    KEEP: store π at every time step, else only the last.
    """
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    chunk = tl.program_id(1)
    q, p = _start(starts, N, lane, live, chunk, 0, 1)
    row = tl.cast(chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, tl.minimum(LENGTH, K - chunk * LENGTH), num_stages=STAGES):
        q, p, _ = _step(q, p, tl.load(f + row, mask=live, other=0.0), A, delta, AT_MIDPOINT)
        tl.store(phi + row, q, mask=live)
        if KEEP:
            tl.store(pi + row, p, mask=live)
        row += N
    if not KEEP:
        tl.store(pi + lane, p, mask=live & (chunk * LENGTH + LENGTH >= K))


@triton.jit
def adjoint_ends(theta, delta, g, K, N, ends, LENGTH: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr):
    """Sweep all chunks of LENGTH time steps backwards, with λ = 0 at their end."""
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    chunk = tl.program_id(1)
    l_phi, l_pi = delta * 0, delta * 0
    row = tl.cast(K - 1 - chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, LENGTH, num_stages=STAGES):
        l_phi, l_pi, _, _, _ = _back(l_phi, l_pi, tl.load(g + row, mask=live, other=0.0), A, delta, AT_MIDPOINT)
        row -= N
    _leave(ends, N, lane, live, chunk, 0, l_phi, l_pi, 1)


@triton.jit
def adjoint(
    theta, delta, f, phi, pi, g, starts, K, N, grad_f, parts,
    LENGTH: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Sweep backwards with λ = dL/dΦ, the chain rule for each line of ``forward``; parts (chunks, 2, N)."""
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    chunk, h = tl.program_id(1), 0.5 * delta
    l_phi, l_pi = _start(starts, N, lane, live, chunk, 0, 1)
    sum_A, sum_delta = delta * 0, delta * 0
    row = tl.cast(K - 1 - chunk * LENGTH, tl.int64) * N + lane
    after = tl.load(pi + row, mask=live, other=0.0)
    for _ in tl.range(0, tl.minimum(LENGTH, K - chunk * LENGTH), num_stages=STAGES):
        before = row - N
        q = tl.load(phi + before, mask=live & (before >= 0), other=0.0)
        p = tl.load(pi + before, mask=live & (before >= 0), other=0.0)
        third = q + h * p
        at = third if AT_MIDPOINT else q
        force = A * at - tl.load(f + row, mask=live, other=0.0)
        l_phi, l_pi, l_q, l_p, l_third = _back(l_phi, l_pi, tl.load(g + row, mask=live, other=0.0), A, delta, AT_MIDPOINT)
        pull = -delta * l_p
        sum_delta += 0.5 * (after * l_q + p * l_third) - force * l_p
        sum_A += pull * at
        tl.store(grad_f + row, -pull, mask=live)
        after = p
        row = before
    _leave(parts, N, lane, live, chunk, 0, sum_A, sum_delta, 1)


@triton.jit
def _echo(phi, pi, g, epsilon, K, N, lane, live, chunk, PAIR: tl.constexpr):
    """Return the echoes' initial state in the first chunk, and zero in the others.

    PAIR: mean (φ, −π) and half difference (0, ε g). Otherwise the two echoes (φ, −π ± ε g).
    """
    first = live & (chunk == 0)
    last = tl.cast(K - 1, tl.int64) * N + lane
    q, p = tl.load(phi + lane, mask=first, other=0.0), -tl.load(pi + lane, mask=first, other=0.0)
    kick = epsilon * tl.load(g + last, mask=first, other=0.0)
    return q, (p if PAIR else p + kick), (q * 0 if PAIR else q), (kick if PAIR else p - kick)


@triton.jit
def _echo_step(q, p, r, s, f, A, delta, PAIR: tl.constexpr, AT_MIDPOINT: tl.constexpr):
    """Return both systems after a time step, before the next nudge, and their midpoints.

    A half difference has no drive.
    """
    q, p, q_third = _step(q, p, f, A, delta, AT_MIDPOINT)
    r, s, r_third = _step(r, s, f * 0 if PAIR else f, A, delta, AT_MIDPOINT)
    return q, p, r, s, q_third, r_third


@triton.jit
def echo_ends(
    theta, delta, f, g, epsilon, phi, pi, K, N, ends,
    LENGTH: tl.constexpr, PAIR: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Run all chunks of both echoes from zero, and the first from the echoes' initial state."""
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    chunk = tl.program_id(1)
    q, p, r, s = _echo(phi, pi, g, epsilon, K, N, lane, live, chunk, PAIR)
    row = tl.cast(K - 1 - chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, LENGTH, num_stages=STAGES):
        f_k = tl.load(f + row, mask=live, other=0.0)
        q, p, r, s, _, _ = _echo_step(q, p, r, s, f_k, A, delta, PAIR, AT_MIDPOINT)
        row -= N
        nudge = epsilon * tl.load(g + row, mask=live & (row >= 0), other=0.0)
        if PAIR:
            s = s + nudge
        else:
            p, s = p + nudge, s - nudge
    _leave(ends, N, lane, live, chunk, 0, q, p, 2)
    _leave(ends, N, lane, live, chunk, 1, r, s, 2)


@triton.jit
def pair_echo(
    theta, delta, f, g, epsilon, phi, pi, starts, K, N, grad_f, parts,
    LENGTH: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Run both echoes as mean m and half difference d; parts (chunks, 2, N).

    Half contrasts: A: m d, f: −d, V: A m d − f d.
    """
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    chunk, scale = tl.program_id(1), -delta / epsilon
    m, m_pi = _start(starts, N, lane, live, chunk, 0, 2)
    d, d_pi = _start(starts, N, lane, live, chunk, 1, 2)
    q, p, r, s = _echo(phi, pi, g, epsilon, K, N, lane, live, chunk, True)
    m, m_pi, d, d_pi = m + q, m_pi + p, d + r, d_pi + s
    sum_A, sum_delta = delta * 0, delta * 0
    row = tl.cast(K - 1 - chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, tl.minimum(LENGTH, K - chunk * LENGTH), num_stages=STAGES):
        f_k = tl.load(f + row, mask=live, other=0.0)
        before = m_pi * d_pi
        m, m_pi, d, d_pi, m_third, d_third = _echo_step(m, m_pi, d, d_pi, f_k, A, delta, True, AT_MIDPOINT)
        product = m_third * d_third
        sum_A += product
        sum_delta += A * product - f_k * d_third + 0.5 * (before + m_pi * d_pi)
        tl.store(grad_f + row, -scale * d_third, mask=live)
        row -= N
        d_pi += epsilon * tl.load(g + row, mask=live & (row >= 0), other=0.0)
    _leave(parts, N, lane, live, chunk, 0, scale * sum_A, -sum_delta / epsilon, 1)


@triton.jit
def released_echo(
    theta, delta, f, g, epsilon, phi, pi, starts, K, N, grad_u, grad_B, parts,
    LENGTH: tl.constexpr, AT_MIDPOINT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Run two echoes as the released code does; parts (chunks, 2, N).

    u is read at the midpoint. A, B and δ are read after the time step, and π includes the next nudge.
    """
    lane, live, A, delta = _first(theta, delta, N, BLOCK)
    epsilon = tl.load(epsilon + lane, mask=live, other=1.0)
    chunk, scale = tl.program_id(1), -delta / (2 * epsilon)
    q, p = _start(starts, N, lane, live, chunk, 0, 2)
    r, s = _start(starts, N, lane, live, chunk, 1, 2)
    q_0, p_0, r_0, s_0 = _echo(phi, pi, g, epsilon, K, N, lane, live, chunk, False)
    q, p, r, s = q + q_0, p + p_0, r + r_0, s + s_0
    sum_A, sum_delta = delta * 0, delta * 0
    row = tl.cast(K - 1 - chunk * LENGTH, tl.int64) * N + lane
    for _ in tl.range(0, tl.minimum(LENGTH, K - chunk * LENGTH), num_stages=STAGES):
        f_k = tl.load(f + row, mask=live, other=0.0)
        q, p, r, s, q_third, r_third = _echo_step(q, p, r, s, f_k, A, delta, False, AT_MIDPOINT)
        tl.store(grad_u + row, -scale * (q_third - r_third), mask=live)
        tl.store(grad_B + row, -scale * (q - r), mask=live)
        row -= N
        nudge = epsilon * tl.load(g + row, mask=live & (row >= 0), other=0.0)
        p, s = p + nudge, s - nudge
        sum_A += 0.5 * q * q - 0.5 * r * r
        plus = 0.5 * A * q * q - q * f_k + 0.5 * p * p
        sum_delta += plus - (0.5 * A * r * r - r * f_k + 0.5 * s * s)
    _leave(parts, N, lane, live, chunk, 0, scale * sum_A, -sum_delta / (2 * epsilon), 1)


@triton.jit
def fold(parts, N, sums, CHUNKS: tl.constexpr, BLOCK: tl.constexpr):
    """Sum over chunks in order: (CHUNKS, 2, N) to (2, N)."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    row = tl.cast(lane, tl.int64)
    sum_A, sum_delta = tl.zeros((BLOCK,), parts.dtype.element_ty), tl.zeros((BLOCK,), parts.dtype.element_ty)
    for _ in tl.range(0, CHUNKS, num_stages=STAGES):
        sum_A += tl.load(parts + row, mask=live, other=0.0)
        sum_delta += tl.load(parts + row + N, mask=live, other=0.0)
        row += 2 * N
    tl.store(sums + lane, sum_A, mask=live)
    tl.store(sums + N + lane, sum_delta, mask=live)
