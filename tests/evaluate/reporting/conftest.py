"""A report with everything in it, made up: figures, strata, curves, worst queries, pictures, provenance."""

import base64
import struct
import zlib

import numpy as np
import pytest

from evaluate.outcome import Outcome
from evaluate.reporting import curves
from evaluate.reporting.document import (
    Chart,
    Document,
    Facts,
    Headline,
    Interval,
    Note,
    Picture,
    PictureRow,
    Section,
    Table,
)

HOSTILE = (
    "<script>alert(\"x\")</script> & 'q' | a_b*c*\nline `two` [x](y) \u202eabc\x00 \udc80 שלום https://a.b/c"
)


def make_png(width, height, seed):
    """Write a PNG by hand: a gradient of one colour."""
    red, green, blue = np.random.default_rng(seed).integers(60, 256, 3)
    shade = np.linspace(0.4, 1, width)[None, :, None] * np.linspace(1, 0.5, height)[:, None, None]
    pixels = (shade * [red, green, blue]).astype(np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def make_outcome(num_queries, num_ranks, seed, strength=0.8):
    """Draw an outcome whose hits thin out along the ranking."""
    rng = np.random.default_rng(seed)
    chance = strength * (1 + np.arange(num_ranks)) ** -0.5 * rng.beta(0.8, 0.8, (num_queries, 1))
    hits = rng.random((num_queries, num_ranks)) < chance
    num_relevant = hits.sum(axis=1) + rng.integers(1, 6, num_queries)
    return Outcome(hits, num_relevant, np.full(num_queries, num_ranks))


def make_sample():
    """Build the document."""
    rng = np.random.default_rng(1)
    names = ("map@100", "recall@1", "recall@10", "precision@10", "gap")
    headlines = tuple(
        Headline(name, _interval(value, 0.02), "1,129 queries, all usages")
        for name, value in zip(names, (0.4213, 0.6811, 0.8347, 0.3975, 0.3502), strict=True)
    )
    usages = ("all queries", "Private", "Public")
    figures = Table(
        ("metric", *usages),
        tuple((name, *(_interval(rng.uniform(0.3, 0.8), 0.03) for _ in usages)) for name in names),
        "Every figure, over all queries and for each usage",
    )
    places = (
        "Pont du Gard",
        "Sagrada Família",
        "Καπνικαρέα",
        "清水寺",
        "قلعة حلب",
        "Château de Chambord",
        "Hohenzollern",
        "Machu Picchu",
        'Moskva <old> & "new"',
        "Golden Gate Bridge",
        "Trevi",
        "Petra",
        "Borobudur",
        "Uluru",
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
        "landmark 117577",
    )
    strata = Table(
        ("landmark", "queries", "map@100", "relevant images", "found in 100"),
        tuple(
            (
                place,
                40 - 2 * row,
                _interval(rng.uniform(0.05, 0.95), 0.04),
                int(rng.integers(5, 9000)),
                None if row == 3 else rng.uniform(0, 100),
            )
            for row, place in enumerate(places)
        ),
        "By landmark, the most asked first",
    )
    small, other, deep = make_outcome(300, 100, 2), make_outcome(300, 100, 3, 0.5), make_outcome(70, 6000, 4)
    charts = (
        Chart(
            "Precision and recall",
            "recall",
            "interpolated precision",
            (
                curves.precision_recall(small, "this run"),
                curves.precision_recall(other, "before: global descriptor only, without re-ranking"),
            ),
        ),
        Chart(
            "A correct image within the first k",
            "k",
            "share of queries",
            (curves.hit_rate(small, "this run"), curves.hit_rate(other, "before")),
            logarithmic=True,
        ),
        Chart("Precision of the first k", "k", "precision", (curves.precision_at_rank(small, "this run"),)),
        Chart(
            "Relevant images found",
            "k",
            "mean share",
            (curves.found_share(deep, "this run"),),
            logarithmic=True,
        ),
    )
    return Document(
        title="GLDv2 retrieval, 1,129 queries",
        subtitle="lite-gem with SIFT re-ranking, against 761,757 index images; measured on 3 May 2026",
        headlines=headlines,
        sections=(
            Section(
                "Figures",
                "Intervals are percentiles of 10,000 bootstrap resamples of the queries.",
                (figures,),
            ),
            Section(
                "Where it is strong and weak",
                "",
                (strata, Note("Landmarks with fewer than 10 queries say little.")),
            ),
            Section("Along the ranking", "Bands are 95 % intervals of the mean.", charts),
            Section(
                "Coverage",
                "",
                (
                    Note("12 queries got no answer and count as wrong.", "warning"),
                    Table(
                        ("what", "queries", "share"),
                        (("no answer", 12, 12 / 1129), ("fewer than 100 answers", 31, 31 / 1129)),
                        "Queries with little or no answer",
                    ),
                ),
            ),
            Section(
                "Worst queries",
                "Those with the lowest map@100, and the first five of their ranking.",
                tuple(map(_row, range(6))),
            ),
            Section(
                "Provenance",
                "What produced these figures.",
                (
                    Facts(
                        (
                            ("recipe digest", "3f9a27c1d07be5510c8a6e9b2d4f713355a0"),
                            ("weights digest", "sha256:" + "ab12" * 16),
                            ("seed", 0),
                            ("seconds", 183.214),
                            ("index images", 761757),
                            ("file of rankings", "runs/2026-05-03/" + HOSTILE),
                        )
                    ),
                ),
            ),
        ),
    )


def _interval(value, margin):
    return Interval(value, max(0, value - margin), min(1, value + margin))


def _row(place):
    marks = ("query", "wrong", "right", "wrong", "wrong", "plain")
    return PictureRow(
        f"query {place:016x}",
        "map@100 0.0125, 3 of 41 relevant images within the first 100",
        tuple(
            Picture(
                None if (place, rank) == (2, 3) else make_png(64 - 24 * (rank == 2), 48, 10 * place + rank),
                f"{place * 7919 + rank:08x}{'9f3c' * 2} rank {rank}" if rank else f"{place:016x}",
                mark,
            )
            for rank, mark in enumerate(marks)
        ),
    )


@pytest.fixture(scope="session")
def sample():
    return make_sample()


@pytest.fixture(scope="session")
def outcome_of():
    """Draw an outcome of so many queries and ranks from a seed."""
    return make_outcome


@pytest.fixture(scope="session")
def png():
    return make_png(4, 3, 0)


@pytest.fixture(scope="session")
def hostile():
    """An id with all that breaks pages: markup, quotes, pipes, line feeds, bidi marks, half a surrogate."""
    return HOSTILE
