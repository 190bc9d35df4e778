# SPDX-License-Identifier: Apache-2.0
"""Our CSV reader against the one of Python's standard library: the same rows where the file is well formed, a refused
row where Python (strict) refuses the file. Files are made at random from a printed seed: rows written by Python in
every way of quoting, and heaps of quotes, delimiters and line breaks. Usage: csv_against_python.py PRINT_ROWS [SEED]"""
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile

FILES = 400
PIECES = ["a", "b c", "ä", '"', '""', ",", "\n", "\r\n", " ", "é,", '",', ',"', '"\n']
LETTERS = ["x", "Zoë", " ", "\"", ",", ";", "\t", "|", "\n", "\r\n", "'", "", "日本"]


def written_rows(chance, delimiter):
    """A well-formed file, by Python's own writer."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=chance.choice(["\n", "\r\n", "\r"]),
                        quoting=chance.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    for _ in range(chance.randrange(1, 30)):
        cells = chance.randrange(1, 6)
        writer.writerow(["".join(chance.choices(LETTERS, k=chance.randrange(6))) for _ in range(cells)])
    return out.getvalue()


def heap(chance):
    """Anything at all."""
    return "".join(chance.choices(PIECES, k=chance.randrange(40)))


def python_rows(text, delimiter):
    """The rows but the empty ones, or None where Python refuses the file."""
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error:
        return None


def compare(text, delimiter, ours):
    theirs = python_rows(text, delimiter)
    refused = [row for row in ours if isinstance(row, str)]
    if theirs is None:
        assert refused, f"Python refuses and we read {ours!r}: {text!r}"
        return
    assert not refused, f"we refuse {refused!r}: {text!r}"
    assert ours == theirs, f"{ours!r} is not {theirs!r}: {text!r}"


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    refusals = 0
    with tempfile.TemporaryDirectory() as folder:
        for delimiter in ",;\t|":
            texts = [written_rows(chance, delimiter) for _ in range(FILES)] + [heap(chance) for _ in range(FILES)]
            paths = [os.path.join(folder, str(i)) for i in range(len(texts))]
            for path, text in zip(paths, texts):
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
            printed = subprocess.run([sys.argv[1], delimiter, *paths], check=True, capture_output=True).stdout
            lines = printed.splitlines()
            assert len(lines) == len(texts)
            for text, line in zip(texts, lines):
                compare(text, delimiter, json.loads(line))
            refusals += sum(python_rows(text, delimiter) is None for text in texts)
    assert refusals > 0, "no file was refused: the comparison saw only half of its task"


main()
