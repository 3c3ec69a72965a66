"""Slow readers of .ts and .arff, written apart from the suite's: what a text says, taken by its letters."""

import numpy as np


def lines_of(data):
    """Return the lines that are neither empty nor comments, and where the data begin."""
    lines = [line.strip() for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    lines = [line for line in lines if line and line[0] not in b"#%"]
    at = next(i for i, line in enumerate(lines) if line.lower() == b"@data")
    return [line.decode("latin1") for line in lines[:at]], [line.decode() for line in lines[at + 1 :]]


def number(token):
    return float("nan") if token.strip() == "?" else float(token)


def ts(data):
    """Return (n, L, d) values, float32, and labels in lower case or targets."""
    head, rows = lines_of(data)
    tags = {words[0].lower(): words[1:] for words in map(str.split, head)}
    stamped = tags.get("@timestamps", ["false"])[0].lower() == "true"
    targets = tags.get("@targetlabel", ["false"])[0].lower() == "true"
    samples, outcomes = [], []
    for row in rows:
        *_, outcome = row.split(":")
        values = row[: len(row) - len(outcome) - 1]
        channels, inside, kept = [[]], False, ""
        for letter in values:
            if stamped and letter == "(":
                inside = True
            elif inside:
                inside = letter != ","
            elif letter in ",:" and not inside:
                channels[-1].append(kept)
                kept = ""
                if letter == ":":
                    channels.append([])
            elif not (stamped and letter == ")"):
                kept += letter
        channels[-1].append(kept)
        samples.append([[number(token) for token in channel] for channel in channels])
        outcomes.append(number(outcome) if targets else outcome.strip().lower())
    return np.array(samples, np.float64).transpose(0, 2, 1), outcomes


def arff(data):
    """Return (n, L, d) values, float32, and labels in lower case."""
    head, rows = lines_of(data)
    relational = any(line.lower().startswith("@attribute") and line.lower().split()[-1] == "relational" for line in head)
    samples, outcomes = [], []
    for row in rows:
        fields, quote, skip = [""], "", False
        for letter in row:
            if skip:
                fields[-1] += {"n": "\n"}.get(letter, letter)
            elif quote and letter == quote:
                quote = ""
            elif not quote and letter in "'\"" and not fields[-1].strip():
                quote, fields[-1] = letter, ""
            elif not quote and letter == ",":
                fields.append("")
            elif letter != "\\":
                fields[-1] += letter
            skip = not skip and letter == "\\"
        *values, label = fields
        channels = [channel.split(",") for channel in values[0].split("\n")] if relational else [values]
        samples.append([[number(token) for token in channel] for channel in channels])
        outcomes.append(label.strip().lower())
    return np.array(samples, np.float64).transpose(0, 2, 1), outcomes
