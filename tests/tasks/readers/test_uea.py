"""What .ts and .arff files may look like, read as written; and what is refused, with the line and the cause."""

import re

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.tasks.readers import uea

HEAD = b"@problemName X\n@timeStamps false\n@univariate true\n@equalLength true\n@classLabel true a b\n@data\n"
ROWS = b"0.5,-1.5,2.5e-1,+7:a\n1.5,.5,-2E2,3:b\n"
X = [[0.5, -1.5, 0.25, 7], [1.5, 0.5, -200, 3]]
STAMPED = HEAD.replace(b"timeStamps false", b"timestamps TRUE")
ARFF = b"@relation X\n@attribute r relational\n  @attribute t0 numeric\n  @attribute t1 numeric\n@end r\n"
ARFF += b"@attribute c {a,'b c'}\n@data\n"
PLAIN = b"@RELATION X\n@ATTRIBUTE t0 REAL\n@attribute t1 real\n@attribute class{1,2}\n@DATA\n"


def read(folder, train, test=HEAD + ROWS, suffix=".ts"):
    (folder / f"X_TRAIN{suffix}").write_bytes(train)
    (folder / f"X_TEST{suffix}").write_bytes(test)
    return uea.read(folder, folder, "X")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ROWS,
        HEAD + b"\n" + ROWS.replace(b"\n", b"\n\n# between\n") + b"# end\n% end\n\n",
        b"# 20 \xb5V, \xff\n" + HEAD + ROWS,
        b"@path \xe9\n" + HEAD + ROWS,
        b"\xef\xbb\xbf" + HEAD + ROWS,
        (HEAD + ROWS).replace(b"\n", b"\r\n"),
        (HEAD + ROWS).rstrip(b"\n"),
        HEAD.replace(b"equalLength true", b"equalLength false") + ROWS,
        HEAD.replace(b"@classLabel true a b", b"@CLASSLABEL TRUE b  a\n@dimensions 3\n@seriesLength 9") + ROWS,
        HEAD + ROWS.replace(b",", b" ,\t").replace(b":", b" : "),
        HEAD.replace(b"@timeStamps false\n", b"") + ROWS,
        STAMPED + b"(2020-01-01 00:00,0.5),(2020-01-01 00:01,-1.5),(t,2.5e-1),(t,+7):a\n(1,1.5),( 2 ,.5), (3,-2E2) ,(4,3) : b\n",
    ],
)  # fmt: skip
def test_ts_variants_are_read_as_written(tmp_path, text):
    raw = read(tmp_path, text)
    assert raw.x[:2, :, 0].tolist() == X
    assert raw.labels.tolist() == ["a", "b", "a", "b"]
    assert raw.targets is None


def test_several_channels_with_and_without_time_stamps(tmp_path):
    plain = read(tmp_path, HEAD + b"1,2:3,4:a\n5,6:7,8:b\n", HEAD + b"1,2:3,4:a\n")
    stamped = read(
        tmp_path, STAMPED + b"(0:00,1),(0:01,2):(0:00,3),(0:01,4):a\n(0,5),(1,6):(0,7),(1,8):b\n", HEAD + b"1,2:3,4:a\n"
    )
    assert plain.x[:2].tolist() == [[[1, 3], [2, 4]], [[5, 7], [6, 8]]]
    assert np.array_equal(plain.x, stamped.x)


def test_targets_are_read_as_written(tmp_path):
    head = HEAD.replace(b"@classLabel true a b", b"@targetlabel true")
    raw = read(tmp_path, head + b"1,2:-0.25\n3,4:5e-1\n", head + b"1,2:?\n")
    assert raw.targets.shape == (3, 1, 1)
    assert raw.targets[:2, 0, 0].tolist() == [-0.25, 0.5]
    assert np.isnan(raw.targets[2, 0, 0])
    assert raw.x[1, :, 0].tolist() == [3, 4]


def test_targets_with_time_stamps(tmp_path):
    head = STAMPED.replace(b"@classLabel true a b", b"@targetLabel true")
    raw = read(tmp_path, head + b"(2016-01-11 17:00:00,-1e-1),(2016-01-11 17:10:00,2):19.38\n", head + b"(0,1),(1,2):-3\n")
    assert raw.x[0, :, 0].tolist() == [np.float32(-0.1), 2]
    assert raw.targets[:, 0, 0].tolist() == [np.float32(19.38), -3]


def test_missing_and_too_large_values_are_kept_for_the_facts_to_refuse(tmp_path):
    raw = read(tmp_path, HEAD + b"?,nan,NaN,1e39:a\n", HEAD + b"inf,-1.797e308,1e-60,0:b\n")
    assert np.isnan(raw.x[0, :3, 0]).all()
    assert raw.x[0, 3, 0] == raw.x[1, 0, 0] == np.inf
    assert raw.x[1, 1, 0] == -np.inf
    assert raw.x[1, 2, 0] == 0


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (HEAD[:-6] + ROWS, "line 6 is not a tag, and no line @data comes before it"),
        (HEAD[:-6], "it has no line @data"),
        (HEAD, "it holds no sample"),
        (HEAD + ROWS + b"1,2,3:a\n", "line 9, channel 1 has 3 values but line 7 has 4"),
        (HEAD + ROWS + b"1,2,3,4:1,2,3,4:a\n", "line 9 has 2 channels but line 7 has 1"),
        (HEAD + ROWS + b"1,,3,4:a\n", "line 9, channel 1 has an empty value"),
        (HEAD + ROWS + b"1,2,3,4,:a\n", "line 9, channel 1 has 5 values"),
        (HEAD + b"1,2,3,:a\n", "line 7, channel 1 has an empty value"),
        (HEAD + b"1,2,3,x4:a\n", "line 7, channel 1: 'x4' is not a number"),
        (HEAD + b"1,2,3,1_0:a\n", "line 7, channel 1: '1_0' is not a number"),
        (HEAD + "1,2,3,٣:a\n".encode(), "line 7, channel 1: '٣' is not a number"),
        (HEAD + b"1,2,3,4\x1d:a\n", "line 7, channel 1: '4\x1d' is not a number"),
        (HEAD + b"1,2,3,0x10:a\n", "line 7, channel 1: '0x10' is not a number"),
        (HEAD + b"1 2,3:a\n", "line 7, channel 1: '1 2' is not a number"),
        (HEAD + ROWS[:-3], "line 8 has no ':' before a label or target"),
        (HEAD + ROWS + b"1,2,3,4:c\n", "line 9: the label 'c' is not among those of @classLabel"),
        (HEAD + ROWS + b"1,2,3,4:\n", "line 9: the label '' is not"),
        (HEAD + b"1,2,3,4:\xe9\n", "line 7 is neither ASCII nor UTF-8"),
        ((HEAD + ROWS).decode().encode("utf-16"), "line 1 holds zero bytes, as UTF-16 text does"),
        ((HEAD + ROWS).replace(b"\n", b"\r"), "line 1 holds a carriage return"),
        (HEAD.replace(b"true a b", b"false") + ROWS, "neither @classLabel nor @targetLabel is true"),
        (HEAD.replace(b"true a b", b"true") + ROWS, "@classLabel lists no labels"),
        (HEAD.replace(b"true a b", b"yes a b") + ROWS, "line 5: @classlabel is neither true nor false"),
        (b"@targetLabel true\n" + HEAD + ROWS, "both @classLabel and @targetLabel are true"),
        (b"@timestamps true\n" + HEAD + ROWS, "line 3 repeats @timestamps with another value"),
        (STAMPED + ROWS, "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1),(1,2:a\n", "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1),,(1,2):a\n", "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1)(1,2):a\n", "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1),(1,2,3):a\n", "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1),(,2):a\n", "line 7, channel 1 is not a list of (time stamp,value)"),
        (STAMPED + b"(0,1),(1,):a\n", "line 7, channel 1 has an empty value"),
        (HEAD + b"(0,1),(1,2):a\n", "line 7, channel 1: '(0' is not a number"),
        (HEAD.replace(b"classLabel true a b", b"targetLabel true") + b"1,2:3,4\n", "line 7 has more than one target, '3,4'"),
        (HEAD.replace(b"classLabel true a b", b"targetLabel true") + b"1,2:a\n", "line 7, target: 'a' is not a number"),
    ],
)  # fmt: skip
def test_ts_that_cannot_be_taken_as_written_is_refused(tmp_path, text, cause):
    with pytest.raises(UserError, match=r"X_TRAIN\.ts of .* can't be read \(.*" + re.escape(cause)) as caught:
        read(tmp_path, text)
    assert str(caught.value).endswith(": use another file or source.")
    assert "delete" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (ARFF + b"'1,2\\n3,4',a\n\"5,6\\n7,?\",'b c'\n", ["a", "b c"]),
        (
            b"% \xb5V\n" + ARFF.replace(b"\n", b"\r\n") + b"% x\r\n\r\n'1, 2\\n3 ,4' , a\r\n'5,6\\n7,NaN',\"b c\"\r\n",
            ["a", "b c"],
        ),
        (ARFF.replace(b"{a,'b c'}", b"{ a , 'b c', \"it\\'s\" }") + b"'1,2\\n3,4','a'\n'5,6\\n7,?','it\\'s'\n", ["a", "it's"]),
    ],
)
def test_relational_arff_is_read_as_written(tmp_path, text, labels):
    raw = read(tmp_path, text, text, ".arff")
    assert raw.x[0].tolist() == [[1, 3], [2, 4]]
    assert raw.x[1, :, 0].tolist() == [5, 6]
    assert np.isnan(raw.x[1, 1, 1])
    assert raw.labels[:2].tolist() == labels


def test_plain_arff_is_one_channel(tmp_path):
    raw = read(tmp_path, PLAIN + b"1.5,-2e-1,1\n3, 4 ,2\n", PLAIN + b"0,0,'1'\n", ".arff")
    assert raw.x[:, :, 0].tolist() == [[1.5, np.float32(-0.2)], [3, 4], [0, 0]]
    assert raw.labels.tolist() == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (PLAIN[:-6] + b"1,2,1\n", "line 5 begins with no @, and no line @data comes before it"),
        (PLAIN[:-6], "it has no line @data"),
        (PLAIN + b"1,2,3\n", "line 6: the label '3' is not among those of the last attribute"),
        (PLAIN + b"1,2,?\n", "line 6: the label '?' is not"),
        (PLAIN + b"1,1\n", "line 6, channel 1 has 1 values where the header names 2"),
        (PLAIN + b"1,,2\n", "line 6, channel 1 has an empty value"),
        (PLAIN + b"{0 1,2 1}\n", "line 6 is sparse, which is not read"),
        (PLAIN + b"'1,2',1\n", "line 6 is not values and a label"),
        (PLAIN + b"1\n", "line 6 is not values and a label"),
        (PLAIN.replace(b"{1,2}", b" numeric") + b"1,2,1\n", "its last attribute is not a list of classes {a,b}"),
        (PLAIN.replace(b"{1,2}", b" {'1,2}") + b"1,2,1\n", "can't be told apart"),
        (PLAIN.replace(b"t0 REAL", b"") + b"1,1\n", "line 2 is an attribute without a name"),
        (ARFF + b"'1,2\\n3,4'\n", "line 8 is not a quoted list of channels and a label"),
        (ARFF + b"'1,2\\n3,4,a\n", "line 8 is not a quoted list of channels and a label"),
        (ARFF + b"1,2,a\n", "line 8 is not a quoted list of channels and a label"),
        (ARFF + b"'1,2\\n3',a\n", "line 8, channel 2 has 1 values where the header names 2"),
        (ARFF + b"'1,2\\n3,4',a\n'1,2',a\n", "line 9 has 1 channels but line 8 has 2"),
    ],
)
def test_arff_that_cannot_be_taken_as_written_is_refused(tmp_path, text, cause):
    with pytest.raises(UserError, match=r"X_TRAIN\.arff of .* can't be read \(.*" + re.escape(cause)):
        read(tmp_path, text, suffix=".arff")


def test_an_unreadable_ts_is_not_replaced_by_the_arff_beside_it(tmp_path):
    read(tmp_path, PLAIN + b"1,2,1\n", PLAIN + b"1,2,1\n", ".arff")
    with pytest.raises(UserError, match=r"X_TRAIN\.ts of .* can't be read .*; X_TRAIN\.arff beside it is not read in its place"):
        read(tmp_path, b"")


def test_parts_that_differ_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"differ \(1 channels of 4 steps with labels, and 2 channels of 1 steps with labels\)"):
        read(tmp_path, HEAD + ROWS, HEAD + b"1:2:a\n")
    targets = HEAD.replace(b"@classLabel true a b", b"@targetLabel true")
    with pytest.raises(UserError, match=r"4 steps with labels, and 1 channels of 4 steps with targets"):
        read(tmp_path, HEAD + ROWS, targets + b"1,2,3,4:5\n")


def test_labels_that_differ_in_case_alone_are_not_merged(tmp_path):
    with pytest.raises(UserError, match="X: the labels 'a' and 'A' differ in case alone"):
        read(tmp_path, HEAD + ROWS, HEAD.replace(b"a b", b"A b") + ROWS.replace(b":a", b":A"))
    assert read(tmp_path, HEAD + ROWS.replace(b":a", b":A"), HEAD + b"1,2,3,4:b\n").labels.tolist() == ["a", "b", "b"]
