"""The examples in Python of the page about evaluation run, and print what their comments say."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"


def test_examples_run_in_order_and_print_what_they_say(capsys):
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    names = {}
    for example in examples:
        exec(example, names)
    printed = capsys.readouterr().out
    # The table of the first example, by hand: q1 has (1 + 2/3) / 2 = 5/6, q2 has 1/2.
    assert "map@100      0.6667 " in printed
    told = [
        said for example in examples for said in re.findall(r"^print\(.*\)  # (.*)$", example, re.MULTILINE)
    ]
    assert printed.splitlines()[-len(told) :] == told == ["1.0", "0.5", "1.0"]
