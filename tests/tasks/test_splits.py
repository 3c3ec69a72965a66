import hashlib

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.tasks.splits import KINDS, PARTS, arrays, split, to_ids


def test_parts_are_disjoint_and_complete(basic_motions):
    for kind in KINDS:
        drawn = split(basic_motions, kind, 2345)
        rows = np.concatenate([getattr(drawn, part) for part in PARTS])
        assert np.array_equal(np.sort(rows), np.arange(80))
        sizes = [len(getattr(drawn, part)) for part in PARTS]
        assert sizes == ([32, 8, 40] if kind == "archive" else [56, 12, 12])


def test_content_hash_follows_its_definition(basic_motions):
    drawn = split(basic_motions, "content_hash", 3456)
    for label in range(4):
        members = np.flatnonzero(basic_motions.y == label)
        bytes_of = [basic_motions.x[row].astype("<f4").tobytes() for row in members]
        ordered = [members[i] for i in sorted(range(20), key=lambda i: hashlib.sha256(b"3456" + bytes_of[i]).hexdigest())]
        assert set(ordered[:14]) <= set(drawn.train)
        assert set(ordered[14:17]) <= set(drawn.val)
        assert set(ordered[17:]) <= set(drawn.test)


def test_split_depends_on_kind_and_seed_alone(basic_motions):
    digests = {(kind, seed): split(basic_motions, kind, seed).digest for kind in KINDS for seed in (1, 2)}
    assert len(set(digests.values())) == 6
    assert digests["released", 1] == split(basic_motions, "released", 1).digest


def test_archive_split_is_the_archive_s_own(basic_motions):
    drawn = split(basic_motions, "archive", 1)
    assert basic_motions.in_test[drawn.test].all()
    assert not basic_motions.in_test[np.concatenate([drawn.train, drawn.val])].any()


def test_arrays(basic_motions):
    drawn = split(basic_motions, "released", 2345)
    for part in PARTS:
        x, y = arrays(basic_motions, drawn, part, time_channel=False)
        assert x.dtype == np.float32
        assert x.flags.c_contiguous
        assert x.flags.writeable
        assert np.array_equal(x, basic_motions.x[getattr(drawn, part)])
        assert np.array_equal(y, basic_motions.y[getattr(drawn, part)])
        with_time, _ = arrays(basic_motions, drawn, part, time_channel=True)
        assert np.array_equal(with_time[:, :, 1:], x)
        assert np.array_equal(with_time[0, :, 0], (np.arange(100) / 100).astype(np.float32))
    assert to_ids(basic_motions, drawn)["train"][0] == basic_motions.ids[drawn.train[0]]


def test_unknown_kind_is_refused(basic_motions):
    with pytest.raises(UserError, match="content_hash"):
        split(basic_motions, "random", 1)
