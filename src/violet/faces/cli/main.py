"""The one way in and out of the command line."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError, VioletError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS: tuple[tuple[str, str], ...] = (
    ("scan", "examine model files, directories and packages without running them"),
    ("test", "attack a model, and measure what withstands"),
    ("explain", "show what a model relies on, and what an attack changed"),
    ("harden", "make a model harder to attack, and prove it by the same test"),
    ("watch", "show what a guard does, and what its spool holds"),
    ("profile", "measure benign data or traffic, for drift and for the guard"),
    ("drift", "compare later data with a profile"),
    ("guard", "stand before a model, or read its traffic, and see attacks as they happen"),
    ("keys", "make a signing key, or show one"),
    ("sign", "sign a model or data set (OpenSSF model signing)"),
    ("verify", "verify what was signed, file by file"),
    ("attest", "make, verify and list attestations (in-toto, DSSE)"),
    ("lineage", "show what a model was made of, and what was made of it"),
    ("bom", "write, compare and merge bills of materials (CycloneDX, SPDX)"),
    ("intel", "import advisories, and match them against a model or project"),
    ("fix", "convert pickles that hold only tensors, repair unsafe loading, raise vulnerable pins"),
    ("gate", "decide whether a model may go live, from evidence"),
    ("policy", "explain and test policies, and manage waivers"),
    ("promote", "set an MLflow alias, if the gate allows it"),
    ("mlflow", "watch MLflow aliases, and revert what the gate denies"),
    ("admission", "answer Kubernetes admission reviews with the gate"),
    ("rules", "list the rules, or explain one"),
    ("config", "show what is configured, and where each value came from"),
    ("demo", "build a small model zoo with a trojan in it, and scan it"),
    ("completion", "print completions for bash, zsh or fish"),
)
"""Name and summary; the command's module is loaded only when it is asked for."""

INTERRUPTED = 130
BROKEN = 3

_HELP = """usage: violet COMMAND [ARGUMENT...]

Secure machine-learning models from training data to incident recovery.

commands:
{commands}

options:
  -h, --help   show this, or the help of a command: violet COMMAND --help
  --version    show the version
  --debug      show where an error came from

examples:
  violet scan model.pkl
  violet scan models/ --output report.html --output report.sarif
  violet rules explain artifact/pickle-dangerous-call

exit codes: 0 all well; 1 the policy is not met; 2 wrong usage or configuration;
3 something could not be examined, and nothing worse was found
"""


def main() -> NoReturn:
    """``entry`` as the whole of a process: what the command ``violet`` calls.

    After a scan the process ends there and then. To take its modules apart first, as Python does, takes a tenth of
    what scanning a small file takes, and nothing that a scan loads waits to be told of the end.
    """
    code = entry()
    if sys.argv[1:2] == ["scan"]:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):  # closed, or never there: nobody reads it
            pass
        os._exit(code)
    sys.exit(code)


def entry(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Errors are explained on standard error."""
    gc.set_threshold(100_000, 20, 20)  # nearly all that start-up allocates is kept: looking for garbage is waste
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = _take_debug(given)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(given)
        sys.stdout.flush()
        return code
    except VioletError as error:
        if debug:
            raise
        from violet.report.visible import visible_lines

        print(f"violet: {visible_lines(error.diagnostics())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("violet: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone: nothing to say, and no complaint at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN
    except Exception as error:
        # One that comes while a class is made, or in somebody's clean-up, is covered by another error.
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            print("violet: interrupted", file=sys.stderr)
            return INTERRUPTED
        if debug:
            raise
        if isinstance(error, OSError) and (why := _surroundings(error)):
            print(f"violet: {why}", file=sys.stderr)
            return BROKEN
        print(
            f"violet: internal error: {type(error).__name__}: {error}. Run it with --debug and report it.",
            file=sys.stderr,
        )
        return BROKEN


def _surroundings(error: OSError) -> str:
    """What is wrong outside of Violet, which no command foresaw; empty where it may be Violet itself."""
    import errno

    from violet.report.visible import visible

    try:
        os.getcwd()
    except OSError:
        return "The working directory is not there any more. Change to one that exists."
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE):
        where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "The output"
        return f"{visible(where)}: {error.strerror}. Nothing more was done."
    return ""


def _take_debug(arguments: list[str]) -> bool:
    """Remove ``--debug``, wherever it stands before ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if "--debug" not in arguments[:end]:
        return False
    arguments.remove("--debug")
    return True


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        if arguments[1:] and arguments[0] == "help":
            return _dispatch([arguments[1], "--help"])
        print(help_text(), end="")
        return 0 if arguments else UsageError.exit_code
    name = arguments[0]
    if name in ("--version", "-V"):
        from violet import __version__

        print(f"violet {__version__}")
        return 0
    if name not in dict(COMMANDS):
        raise UsageError(f"There is no command {name!r}.", _suggest(name))
    if name == "scan":
        from violet.services import early

        early.begin(arguments[1:])
        try:
            return _run(name, arguments)
        finally:
            early.discard()
    return _run(name, arguments)


def _run(name: str, arguments: list[str]) -> int:
    from importlib import import_module

    from violet.faces.cli.parser import Parser

    command = import_module(f"violet.faces.cli.commands.{name}")
    parser = Parser(prog=f"violet {name}", description=command.DESCRIPTION, examples=command.EXAMPLES)
    command.add_arguments(parser)
    try:
        parsed = parser.parse_all(arguments[1:])
    except SystemExit as ended:  # --help
        return int(ended.code or 0)
    code: int = command.run(parsed, arguments)
    return code


def help_text() -> str:
    """What ``violet --help`` prints."""
    width = max(len(name) for name, _ in COMMANDS)
    return _HELP.format(commands="\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS))


def _suggest(name: str) -> str:
    if os.path.exists(name):
        return f"To examine a file: violet scan {name}"
    import difflib

    close = difflib.get_close_matches(name, [command for command, _ in COMMANDS], 1, 0.5)
    return f"Did you mean: violet {close[0]}?" if close else "See: violet --help"
