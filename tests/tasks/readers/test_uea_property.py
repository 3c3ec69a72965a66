"""Random legal .ts and .arff files are read back equal; mutated ones are refused or read as they are written."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhelbench.errors import UserError
from rhelbench.tasks.readers import uea
from tests.tasks.readers import reference

SLOW = {".ts": reference.ts, ".arff": reference.arff}
TOKENS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e3, 1e3).map("{:+.3e}".format),
    st.floats(-1e3, 1e3).map("{:.2E}".format),
    st.sampled_from(["?", "NaN", "nan", "-0", ".5", "5.", "+7", "inf", "-1.7976931348623157e308"]),
)
LABELS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=":"), min_size=1, max_size=5)
COMMENT = st.binary(max_size=6).map(lambda text: b"#" + text.translate(None, b"\n\r\0"))
FAST = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}


def quoted(label):
    return "'" + label.replace("\\", "\\\\").replace("'", "\\'") + "'"


@st.composite
def problems(draw):
    """Draw samples as tokens [sample][channel][step], and labels or targets."""
    n, d, length = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    values = draw(st.lists(TOKENS, min_size=n * d * length, max_size=n * d * length))
    samples = [[[values[(i * d + c) * length + t] for t in range(length)] for c in range(d)] for i in range(n)]
    labels = draw(st.lists(LABELS, min_size=1, max_size=3, unique_by=str.lower))
    return samples, labels, [draw(st.sampled_from(labels)) for _ in range(n)]


@st.composite
def ts_texts(draw):
    """Draw a problem and a .ts text that holds it."""
    samples, labels, outcomes = draw(problems())
    stamped, regression = draw(st.booleans()), draw(st.booleans())
    tags = [f"@timeStamps {str(stamped).lower()}", "@problemName X", f"@equalLength {draw(st.sampled_from(['true', 'false']))}"]
    tags += ["@dimensions 7", "@missing false"][: draw(st.integers(0, 2))]
    if regression:
        outcomes = [draw(TOKENS) for _ in outcomes]
        tags += ["@targetLabel true", "@classLabel false"][: draw(st.integers(1, 2))]
    else:
        tags.append(f"@classLabel true {' '.join(labels)}")
    tags = [draw(st.sampled_from([str, str.upper, str.lower]))(tag.split()[0]) + tag[len(tag.split()[0]) :] for tag in tags]
    comma, colon = draw(st.sampled_from([",", " , ", ",\t"])), draw(st.sampled_from([":", " : "]))
    rows = []
    for sample, outcome in zip(samples, outcomes, strict=True):
        channels = [[f"(2020-01-01 00:{t:02},{v})" if stamped else v for t, v in enumerate(channel)] for channel in sample]
        rows.append(colon.join([*map(comma.join, channels), outcome]))
    return (
        samples,
        outcomes,
        regression,
        draw(laid_out(draw(st.permutations(tags)), draw(st.sampled_from(["@data", "@DATA"])), rows)),
    )


@st.composite
def arff_texts(draw):
    """Draw a problem and an .arff text that holds it."""
    samples, labels, outcomes = draw(problems())
    relational = len(samples[0]) > 1 or draw(st.booleans())
    steps = [f"@attribute t{t} {draw(st.sampled_from(['numeric', 'REAL']))}" for t in range(len(samples[0][0]))]
    around = (["@attribute r relational"], ["@end r"]) if relational else ([], [])
    head = ["@relation 'x y'", *around[0], *steps, *around[1], f"@ATTRIBUTE 'the class' {{{', '.join(map(quoted, labels))}}}"]
    rows = []
    for sample, outcome in zip(samples, outcomes, strict=True):
        quote = draw(st.sampled_from(["'", '"']))
        channels = "\\n".join(map(",".join, sample))
        rows.append((f"{quote}{channels}{quote}," if relational else f"{channels},") + quoted(outcome))
    return samples, outcomes, False, draw(laid_out(head, "@data", rows))


@st.composite
def laid_out(draw, head, data, rows):
    """Draw line ends, comments in any encoding, empty lines and a byte order mark around the lines."""
    lines = []
    for line in [*head, data, *rows]:
        lines += [*draw(st.lists(st.one_of(COMMENT, st.just(b""), st.just(b"% x")), max_size=1)), line.encode()]
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + end.join(lines) + draw(st.sampled_from([b"", end, 2 * end]))


def single(values):
    with np.errstate(over="ignore"):
        return np.array(values, np.float64).astype(np.float32)


def read(folder, data, suffix):
    """Read the text as both parts; return the train part's values, and its labels or targets."""
    for part in ("TRAIN", "TEST"):
        (folder / f"X_{part}{suffix}").write_bytes(data)
    raw = uea.read(folder, folder, "X")
    n = len(raw.x) // 2
    return raw.x[:n], raw.labels[:n].tolist() if raw.targets is None else raw.targets[:n, 0, 0]


def same(found, x, outcomes):
    if isinstance(found[1], list):
        return np.array_equal(found[0], x, equal_nan=True) and found[1] == outcomes
    return np.array_equal(found[0], x, equal_nan=True) and np.array_equal(found[1], single(outcomes), equal_nan=True)


@pytest.mark.parametrize(("suffix", "texts"), [(".ts", ts_texts()), (".arff", arff_texts())], ids=["ts", "arff"])
def test_legal_variants_are_read_back_equal(tmp_path, suffix, texts):
    @settings(max_examples=400, **FAST)
    @given(texts)
    def check(drawn):
        samples, outcomes, regression, data = drawn
        x = single([[[reference.number(token) for token in channel] for channel in sample] for sample in samples]).transpose(
            0, 2, 1
        )
        expected = [reference.number(token) if regression else token.lower() for token in outcomes]
        assert same(read(tmp_path, data, suffix), x, expected)
        assert same(read(tmp_path, data, suffix), single(SLOW[suffix](data)[0]), SLOW[suffix](data)[1])

    check()


SEEDS = {
    ".ts": [
        b"@timeStamps false\n@classLabel true a B1\n@data\n0.5,-1.5,12:7,8,9:a\n1e2,.5,-2:4,5,?:B1\n-3,2,1:6,0,1:a\n",
        b"# x\n@equalLength true\n@targetLabel true\n@data\n1.25,2,3:-0.5\n\n-4,5e-1,6:12.5\n",
        b"@timestamps true\n@classLabel true 1 2\n@data\n(0,1.5),(1,-2):(0,3),(1,4):1\n(0:0,5),(0:1,6):(0:0,7),(0:1,8):2\n",
        b"\xef\xbb\xbf@problemName \xe9\r\n@classLabel true 1 2\r\n@data\r\n1,2,3,4:1\r\n5,6,7,8:2\r\n% end\r\n",
    ],
    ".arff": [
        b"@relation x\n@attribute t0 real\n@attribute t1 real\n@attribute c {1,2}\n@data\n0.5,-1,1\n1e2,?,2\n3,4,1\n",
        b"% x\n@attribute r relational\n@attribute t0 real\n@attribute t1 real\n@end r\n@attribute c {a,'b c'}\n@data\n"
        b"'1,2\\n-3,4.5',a\n\"5,6\\n7,8\",'b c'\n",
        b"@attribute r relational\n@end r\n@attribute c {a,b}\n@data\n'1,2,3',a\n'4,5,6',b\n'7,8,9',a\n",
    ],
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp1252", "cp037")
PIECES = (
    b",",
    b":",
    b"\n",
    b"\r",
    b"\0",
    b"'",
    b'"',
    b"(",
    b")",
    b"\\n",
    b"@data\n",
    b"#",
    b"?",
    b"_",
    b"-",
    b"e5",
    b" ",
    b"{",
    b"\xe9",
    b"1",
)


def mutated(data, rng):
    """Return the text after one random damage."""
    at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    lines = data.splitlines(keepends=True) or [b""]
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    swapped = [lines[j] if k == i else lines[i] if k == j else line for k, line in enumerate(lines)]
    decoded = data.decode("latin1")
    transposed = lines[i].translate(bytes.maketrans(b",:", b":,"))
    return rng.choice([
        lambda: data[:at],
        lambda: data[at:],
        lambda: data[:at] + data[to:],
        lambda: data[:at] + data[at : at + 1] + data[at:],
        lambda: data[:at] + data[at + 1 :],
        lambda: data[:at] + rng.choice(PIECES) + data[at:],
        lambda: data[:at] + data[at + 1 : at + 2] + data[at : at + 1] + data[at + 2 :],
        lambda: data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :],
        lambda: data[:at] + data[at:to][::-1] + data[to:],
        lambda: data[:at] + data[at:to] + data[at:],
        lambda: b"".join(lines[:i] + lines[i + 1 :]),
        lambda: b"".join(lines[:i] + lines[i : i + 1] + lines[i:]),
        lambda: b"".join(swapped),
        lambda: b"".join([*lines[:i], lines[i].rstrip(), *lines[i + 1 :]]),
        lambda: b"".join([*lines[:i], transposed, *lines[i + 1 :]]),
        lambda: data.replace(b"\n", rng.choice([b"\r", b"\r\n", b"\n\r", b"\x0b"])),
        lambda: data.replace(b",", rng.choice([b";", b"\t", b",,", b", ", b"."])),
        lambda: decoded.encode(rng.choice(ENCODINGS), "replace"),
    ])()  # fmt: skip


@pytest.mark.parametrize(("suffix", "files"), [(".ts", 6000), (".arff", 4000)])
def test_mutated_files_are_refused_or_read_as_written(tmp_path, suffix, files):
    verdicts = {"refused": 0, "read": 0}

    @settings(max_examples=files, **FAST)
    @given(st.integers(0, 2**63), st.sampled_from(SEEDS[suffix]), st.integers(1, 3))
    def check(seed, data, times):
        rng = random.Random(seed)
        for _ in range(times):
            data = mutated(data, rng)
        try:
            found = read(tmp_path, data, suffix)
        except UserError:
            verdicts["refused"] += 1
            return
        x, outcomes = SLOW[suffix](data)
        assert same(found, single(x), outcomes)
        verdicts["read"] += 1

    check()
    assert sum(verdicts.values()) >= files
    assert min(verdicts.values()) > files // 20
