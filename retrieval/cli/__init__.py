"""The command `retrieve`: commands are found by file name and loaded on demand."""

import importlib
import logging
import os
import pkgutil
import signal
import sys

import click

from evaluate.errors import EvaluationError
from extract.errors import RetrieveError

EXIT_ERROR, EXIT_SOME_FAILED = 1, 3
_EXIT_INTERRUPTED = 130


class Commands(click.Group):
    """One module of this package is one command; `fit_whitening.py` holds `fit-whitening`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands by file name."""
        modules = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="landmark-retrieval")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
def cli(quiet: bool) -> None:
    """Find the photographs of the same place: index a folder, ask with a photo, measure.

    \b
    Example:
      retrieve index holiday/ --store holiday.store --local sift
      retrieve query holiday.store unknown.jpg --grid answer.png
    """
    logging.basicConfig(
        level=logging.ERROR if quiet else logging.WARNING, format="%(message)s", stream=sys.stderr
    )
    if not quiet:
        for floor in ("extract", "rerank", "retrieval", "evaluate", "train"):
            logging.getLogger(floor).setLevel(logging.INFO)


def main() -> None:
    """Run the command line; a user's mistake ends in one sentence on stderr, never in a traceback."""
    # A reader that has seen enough (`| head`) ends the program quietly.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Names of files need not be valid UTF-8; they are printed escaped instead of ending the program.
    sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _run()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written by now. Taking torch apart again would cost a third of a second, and threads
    # that an interrupt left deep in a network are not worth the wait.
    os._exit(code)


def _run() -> int:
    try:
        cli.main(standalone_mode=False)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_ERROR
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (RetrieveError, EvaluationError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.strerror or error}{_file_of(error)}")
    except MemoryError:
        return _fail("out of memory; use fewer --threads, or ask about fewer photographs at once")
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; a store keeps what was committed, run the same command to go on", err=True)
        return _EXIT_INTERRUPTED
    except Exception as error:
        logging.getLogger(__name__).debug("unforeseen", exc_info=True)
        return _fail(f"unforeseen, please report it with the command: {type(error).__name__}: {error}")
    return 0


def _fail(sentence: str) -> int:
    click.echo(f"error: {sentence}", err=True)
    return EXIT_ERROR


def _file_of(error: OSError) -> str:
    return f": {os.fspath(error.filename)!r}" if error.filename else ""
