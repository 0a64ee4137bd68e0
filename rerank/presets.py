"""Chains that have a name: the study's definitions, and the one that is recommended."""

from collections.abc import Collection

from extract.errors import ConfigError

BEST = "best"
# The study's re-rankings E5, E6 and E7 as it defined them (its plain sum of both scores orders as v = 0.5).
STUDY = {
    "e5": "sift-ratio:ratio=0.7:v=0.8:calibration=none",
    "e6": "vlad:v=0.5:calibration=none",
    "e7": "patch-maxsim:v=0.4:calibration=none",
}
_SEARCH = "neighbourhood"
# What verifies the first hits, the best that the store has. On photographs taken from all sides of a place it
# moves little (SIFT: no change on training photographs for any v from .67 to .98), on views of one wall much.
_VERIFY = {"learned": "learned:top=30", "sift": "sift-geometric:top=30:v=0.8"}


def expand(text: str, kinds: Collection[str]) -> str:
    """Write out the presets that the chain `text` names, for a store with local features of these `kinds`.

    Raises:
        ConfigError: a preset is given settings, which only steps have.
    """
    verify = [step for kind, step in _VERIFY.items() if kind in kinds][:1]
    own = {**STUDY, BEST: ",".join([_SEARCH, *verify])}
    for step in text.split(","):
        name, colon, _ = step.strip().partition(":")
        if colon and name in own:
            raise ConfigError(f"{name} is a chain and takes no settings; write it out: {own[name]}")
    return ",".join(own.get(name.strip(), name) for name in text.split(","))
