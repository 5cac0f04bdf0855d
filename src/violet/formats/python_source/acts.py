"""What Python source would do, as data that checks judge."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.project.pins import Pin
    from violet.formats.python_source.loading import UnsafeCall
    from violet.formats.text.document import Document


class When(enum.IntEnum):
    """When a line runs, in order of how little it takes."""

    DEFINED = 0
    """Only where something calls the function it stands in."""
    SCRIPT = 1
    """Where the file is run as a program (under ``if __name__ == "__main__"``)."""
    IMPORT = 2
    """As soon as the module is imported."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that source would do.

    ``kind`` is a slug that checks judge by (see ``KINDS``); ``call`` is the call with its names resolved
    (``os.system('curl ...')``); ``line`` is from 1; ``detail`` says what makes it what it is.
    """

    kind: str
    call: str
    line: int
    when: When
    detail: str = ""


KINDS = {
    "run-hidden": "runs code that it first decodes or assembles out of sight",
    "run-download": "runs what it fetches from the network",
    "run-received": "runs what arrives over a network connection",
    "reverse-shell": "hands a shell to a remote host",
    "hostile-command": "runs a hostile command",
    "steal-environment": "sends the process environment away",
    "steal-credentials": "reads stored credentials and sends them away",
    "send-host": "sends details of the machine away",
    "drop-run": "writes a program to disk and starts it",
    "persist": "writes where code is run again later without being asked",
    "shellcode": "puts machine code into memory and jumps to it",
    "destroy": "deletes files it has no business with",
    "load-hidden": "unpickles or unmarshals bytes that the source itself carries",
    "load-download": "unpickles what it fetches from the network",
    "hidden-name": "writes the name of what it uses so that readers do not see it",
    "import-hidden": "imports a module in a roundabout way",
    "object-walk": "climbs from a literal to the interpreter's internals",
    "pickle-gadget": "defines an object that runs a command when it is unpickled",
    "bidirectional": "holds characters that make an editor show other code than what runs",
    "off-screen": "has code far to the right of where anyone looks",
    "odd-encoding": "declares an encoding that hides what the source says",
    "exfiltration-address": "names an address that is used to collect stolen data",
    "read-credentials": "reads stored credentials",
    "command": "runs a program",
    "dynamic-code": "runs text as code",
    "install": "installs packages while it runs",
    "network": "talks to the network",
    "native": "loads a native library",
    "deserialize": "loads data in a format that can run code",
    "remote-code": "fetches and runs code of a model repository",
    "patch": "replaces a part of the interpreter",
    "write-file": "writes a file",
    "delete-files": "deletes files or directory trees",
    "blob": "carries a long encoded text",
}


@dataclass(slots=True)
class PythonFacts:
    """``acts`` in source order; ``problem`` says why the source could not be parsed (its tokens were
    looked at instead); ``named_by`` is the configuration file that has this module loaded as code of a
    model, where there is one; ``loads`` are its calls that load unsafely, ``pins`` the versions that
    the project around it asks for, where they decide about those."""

    document: Document
    acts: tuple[Act, ...] = ()
    problem: str = ""
    named_by: str = ""
    imports: tuple[str, ...] = field(default=())
    loads: tuple[UnsafeCall, ...] = ()
    pins: tuple[Pin, ...] = ()
