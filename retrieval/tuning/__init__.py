"""The parts of `retrieve tune`: what is tried, on which queries, how it is judged and what is told."""
