"""Turn public files of news with reference summaries into the form that the other benchmarks read.

    .venv/bin/python benchmarks/datasets.py cnn cnn_dailymail_validation.csv data/cnn-validation.jsonl
    .venv/bin/python benchmarks/datasets.py inshorts news_summary.csv data/inshorts-even.jsonl
    .venv/bin/python benchmarks/datasets.py multi-news sample_validation.csv data/multi-news-validation.jsonl

The form: a file of JSON, one object a line, ``{"id", "articles": [{"title", "text"}], "summaries": [...]}``. The files
are in public repositories (CNN/DailyMail rows in MANUJMEHROTRA/model_hosting_e2e_decoder, Inshorts in
gayathrik948/nlp_task1, Multi-News samples in the history of TheAthleticCoder/Multi-Document-Summarization); the texts
belong to their publishers and are not shipped. Of Inshorts only the even rows are taken: the odd ones are for testing.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, str]


def cnn(rows: list[Row]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        yield {
            "id": row.get("id") or str(number),
            "articles": [{"title": None, "text": row["article"]}],
            "summaries": [row["highlights"]],
        }


def inshorts(rows: list[Row]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        if number % 2 == 0 and row["ctext"] and row["text"]:
            article = {"title": row["headlines"], "text": row["ctext"]}
            yield {"id": f"inshorts-{number}", "articles": [article], "summaries": [row["text"]]}


def multi_news(rows: list[Row]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        texts = [text.replace(" \n \n ", "\n\n").replace(" \n", "\n") for text in ast.literal_eval(row["documents"])]
        articles = [{"title": None, "text": text} for text in texts if text.strip()]
        yield {"id": f"multi-news-{number}", "articles": articles, "summaries": [row["summary"].lstrip("– ")]}


FORMS: dict[str, tuple[str, Callable[[list[Row]], Iterator[dict[str, Any]]]]] = {
    "cnn": ("utf-8", cnn),
    "inshorts": ("latin-1", inshorts),
    "multi-news": ("utf-8", multi_news),
}


def main() -> int:
    """Convert one file; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("form", choices=sorted(FORMS))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    encoding, convert = FORMS[asked.form]
    csv.field_size_limit(1 << 30)
    with asked.source.open(encoding=encoding, errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    asked.target.parent.mkdir(parents=True, exist_ok=True)
    with asked.target.open("w", encoding="utf-8") as file:
        count = 0
        for item in convert(rows):
            file.write(json.dumps(item, ensure_ascii=False) + "\n")
            count += 1
    print(f"{count} of {len(rows)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
