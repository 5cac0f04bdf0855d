"""Names that are known to do harm when a pickle reaches them, and what the harm is.

The list only raises severity and explains: what is on no allow-list is suspicious without it.
"""

from __future__ import annotations

RUNS_COMMANDS = "runs operating-system commands"
RUNS_CODE = "runs Python code"
IMPORTS = "imports any module or name by a string"
LOADS = "loads another serialised object, which runs code of its own"
FILES = "opens, writes, copies or deletes files"
NETWORK = "opens network connections or fetches from addresses"
NATIVE = "loads native code"
REACHES = "reaches any attribute or item of an object, and so past every list of names"
CALLS = "calls any function it is given"
INTERPRETER = "changes or inspects the running interpreter"
IMPORT_SIDE_EFFECT = "acts as soon as it is imported"

MODULES = {
    "os": RUNS_COMMANDS,
    "posix": RUNS_COMMANDS,
    "nt": RUNS_COMMANDS,
    "subprocess": RUNS_COMMANDS,
    "_posixsubprocess": RUNS_COMMANDS,
    "_winapi": RUNS_COMMANDS,
    "commands": RUNS_COMMANDS,
    "popen2": RUNS_COMMANDS,
    "pty": RUNS_COMMANDS,
    "sh": RUNS_COMMANDS,
    "plumbum": RUNS_COMMANDS,
    "pexpect": RUNS_COMMANDS,
    "fabric": RUNS_COMMANDS,
    "invoke": RUNS_COMMANDS,
    "paramiko": RUNS_COMMANDS,
    "multiprocessing": RUNS_COMMANDS,
    "_osx_support": RUNS_COMMANDS,
    "_aix_support": RUNS_COMMANDS,
    "platform": RUNS_COMMANDS,
    "webbrowser": RUNS_COMMANDS,
    "antigravity": IMPORT_SIDE_EFFECT,
    "this": IMPORT_SIDE_EFFECT,
    "turtle": IMPORT_SIDE_EFFECT,
    "code": RUNS_CODE,
    "codeop": RUNS_CODE,
    "runpy": RUNS_CODE,
    "timeit": RUNS_CODE,
    "trace": RUNS_CODE,
    "profile": RUNS_CODE,
    "cProfile": RUNS_CODE,
    "_lsprof": RUNS_CODE,
    "pdb": RUNS_CODE,
    "bdb": RUNS_CODE,
    "doctest": RUNS_CODE,
    "unittest": RUNS_CODE,
    "test": RUNS_CODE,
    "idlelib": RUNS_CODE,
    "lib2to3": RUNS_CODE,
    "rlcompleter": RUNS_CODE,
    "site": RUNS_CODE,
    "sitecustomize": RUNS_CODE,
    "pydoc": IMPORTS,
    "pkgutil": IMPORTS,
    "importlib": IMPORTS,
    "_frozen_importlib": IMPORTS,
    "_frozen_importlib_external": IMPORTS,
    "imp": IMPORTS,
    "_imp": IMPORTS,
    "zipimport": IMPORTS,
    "modulefinder": IMPORTS,
    "pickle": LOADS,
    "_pickle": LOADS,
    "cPickle": LOADS,
    "pickletools": LOADS,
    "marshal": LOADS,
    "shelve": LOADS,
    "jsonpickle": LOADS,
    "yaml": LOADS,
    "shutil": FILES,
    "tempfile": FILES,
    "glob": FILES,
    "fileinput": FILES,
    "linecache": FILES,
    "filecmp": FILES,
    "zipfile": FILES,
    "tarfile": FILES,
    "gzip": FILES,
    "bz2": FILES,
    "lzma": FILES,
    "sqlite3": FILES,
    "dbm": FILES,
    "mmap": FILES,
    "distutils": FILES,
    "setuptools": RUNS_CODE,
    "pkg_resources": RUNS_CODE,
    "ensurepip": RUNS_COMMANDS,
    "pip": RUNS_COMMANDS,
    "venv": RUNS_COMMANDS,
    "virtualenv": RUNS_COMMANDS,
    "conda": RUNS_COMMANDS,
    "socket": NETWORK,
    "_socket": NETWORK,
    "socketserver": NETWORK,
    "ssl": NETWORK,
    "urllib": NETWORK,
    "urllib2": NETWORK,
    "urllib3": NETWORK,
    "requests": NETWORK,
    "httpx": NETWORK,
    "aiohttp": NETWORK,
    "http": NETWORK,
    "httplib": NETWORK,
    "ftplib": NETWORK,
    "telnetlib": NETWORK,
    "smtplib": NETWORK,
    "poplib": NETWORK,
    "imaplib": NETWORK,
    "nntplib": NETWORK,
    "xmlrpc": NETWORK,
    "wsgiref": NETWORK,
    "asyncio": RUNS_COMMANDS,
    "asyncore": NETWORK,
    "ctypes": NATIVE,
    "_ctypes": NATIVE,
    "cffi": NATIVE,
    "sys": INTERPRETER,
    "gc": INTERPRETER,
    "inspect": INTERPRETER,
    "signal": INTERPRETER,
    "resource": INTERPRETER,
    "faulthandler": INTERPRETER,
    "atexit": CALLS,
    "threading": CALLS,
    "_thread": CALLS,
    "thread": CALLS,
    "sched": CALLS,
    "concurrent": CALLS,
    "weakref": CALLS,
    "contextlib": CALLS,
    "ast": RUNS_CODE,
    "dis": INTERPRETER,
    "builtins": INTERPRETER,
    "__builtin__": INTERPRETER,
    "operator": REACHES,
    "_operator": REACHES,
    "types": RUNS_CODE,
    "nturl2path": FILES,
    "logging": FILES,
    "cgitb": RUNS_CODE,
    "readline": FILES,
    "py_compile": FILES,
    "compileall": FILES,
    "getpass": INTERPRETER,
    "uuid": RUNS_COMMANDS,
    "ntpath": FILES,
    "posixpath": FILES,
    "genericpath": FILES,
    "io": FILES,
    "_io": FILES,
    "pathlib": FILES,
    "fickling": "switches off a scanner",
    "picklescan": "switches off a scanner",
    "modelscan": "switches off a scanner",
    "torch.hub": NETWORK,
    "torch.utils.cpp_extension": NATIVE,
    "torch.utils.bottleneck": RUNS_CODE,
    "torch.utils.collect_env": RUNS_COMMANDS,
    "torch.utils._config_module": LOADS,
    "torch.utils.data": LOADS,
    "torch.jit": RUNS_CODE,
    "torch.fx": RUNS_CODE,
    "torch._dynamo": RUNS_CODE,
    "torch._inductor": RUNS_CODE,
    "torch.package": LOADS,
    "torch.distributed": NETWORK,
    "torch.ops": NATIVE,
    "torch.classes": NATIVE,
    "torch.serialization": LOADS,
    "numpy.f2py": RUNS_CODE,
    "numpy.distutils": RUNS_COMMANDS,
    "numpy.testing": RUNS_CODE,
    "numpy.ctypeslib": NATIVE,
    "pandas.io": LOADS,
    "pandas.core.computation": RUNS_CODE,
    "scipy.io": FILES,
    "IPython": RUNS_CODE,
    "joblib.parallel": CALLS,
    "joblib.memory": FILES,
    "sympy": RUNS_CODE,
    "nltk.data": LOADS,
    "transformers.dynamic_module_utils": RUNS_CODE,
    "transformers.pipelines": NETWORK,
}
"""By module, and for every module below it."""

NAMES = {
    "builtins.eval": RUNS_CODE,
    "builtins.exec": RUNS_CODE,
    "builtins.execfile": RUNS_CODE,
    "builtins.compile": RUNS_CODE,
    "builtins.breakpoint": RUNS_CODE,
    "builtins.help": RUNS_CODE,
    "builtins.open": FILES,
    "builtins.file": FILES,
    "builtins.input": INTERPRETER,
    "builtins.__import__": IMPORTS,
    "builtins.getattr": REACHES,
    "builtins.setattr": REACHES,
    "builtins.delattr": REACHES,
    "builtins.hasattr": REACHES,
    "builtins.vars": REACHES,
    "builtins.dir": REACHES,
    "builtins.globals": REACHES,
    "builtins.locals": REACHES,
    "builtins.type": "creates classes with any methods",
    "builtins.map": CALLS,
    "builtins.filter": CALLS,
    "builtins.sorted": CALLS,
    "builtins.max": CALLS,
    "builtins.min": CALLS,
    "builtins.iter": CALLS,
    "builtins.next": CALLS,
    "builtins.property": CALLS,
    "builtins.exit": INTERPRETER,
    "builtins.quit": INTERPRETER,
    "functools.reduce": CALLS,
    "functools.partial": CALLS,
    "functools.partialmethod": CALLS,
    "functools.cached_property": CALLS,
    "itertools.starmap": CALLS,
    "itertools.accumulate": CALLS,
    "itertools.filterfalse": CALLS,
    "itertools.takewhile": CALLS,
    "itertools.dropwhile": CALLS,
    "copyreg.add_extension": "registers a name that later opcodes import unseen",
    "copyreg.pickle": INTERPRETER,
    "_codecs.decode": "decodes text that can become a name",
    "codecs.open": FILES,
    "operator.methodcaller": CALLS,
    "operator.call": CALLS,
    "numpy.load": LOADS,
    "numpy.save": FILES,
    "numpy.savetxt": FILES,
    "numpy.savez": FILES,
    "numpy.loadtxt": FILES,
    "numpy.genfromtxt": FILES,
    "numpy.fromfile": FILES,
    "numpy.memmap": FILES,
    "numpy.vectorize": CALLS,
    "numpy.apply_along_axis": CALLS,
    "numpy.fromfunction": CALLS,
    "numpy.fromregex": FILES,
    "numpy.lib._datasource.DataSource": FILES,
    "joblib.load": LOADS,
    "joblib.dump": FILES,
    "joblib.numpy_pickle.load": LOADS,
    "joblib.Memory": FILES,
    "torch.load": LOADS,
    "torch.save": FILES,
    "torch.from_file": FILES,
    "torch.compile": RUNS_CODE,
    "torch.storage._load_from_bytes": LOADS,
    "pandas.read_pickle": LOADS,
    "pandas.read_csv": FILES,
    "pandas.eval": RUNS_CODE,
    "dill.loads": LOADS,
    "dill.load": LOADS,
    "dill._dill.loads": LOADS,
    "dill._dill.load": LOADS,
    "dill._dill._import_module": IMPORTS,
    "dill._dill._getattribute": REACHES,
    "dill._dill._eval_repr": RUNS_CODE,
    "dill._dill._create_code": RUNS_CODE,
    "cloudpickle.load": LOADS,
    "cloudpickle.loads": LOADS,
    "cloudpickle.cloudpickle.loads": LOADS,
    "cloudpickle.cloudpickle.subimport": IMPORTS,
    "keras.models.load_model": LOADS,
    "xmlrpc.client.ServerProxy": NETWORK,
    "sklearn.utils._testing.TempMemmap": FILES,
}

VERBS = (
    r"(?:^|[._])(?:eval|exec|execute|execfile|system|popen|spawn\w*|run|runs|runstring|runcode|runsource|runctx"
    r"|call|check_call|check_output|getoutput|getstatusoutput|compile|load|loads|unpickle|deserialize|import\w*"
    r"|open|write\w*|save\w*|dump|download\w*|fetch\w*|urlopen|urlretrieve|request|connect|remove|unlink"
    r"|rmtree|rmdir|delete\w*|move|copy\w*|symlink|chmod|kill|fork|pipe\w*|shell\w*|script\w*|cmd\w*|command\w*"
    r"|getattr\w*|getattribute|resolve\w*|locate|from_file|from_pretrained|subimport|dlopen|load_library)$"
)
"""Last words of names that act: a function of a known library that is on no allow-list and is called so."""

_HARMLESS_MODULE_NAMES = frozenset(("types.SimpleNamespace", "logging.Logger"))


def danger(module: str, name: str) -> str:
    """Why reaching ``module.name`` is known to be harmful; ``""`` where nothing is known of it."""
    dotted = f"{module}.{name}"
    found = NAMES.get(dotted.replace("__builtin__.", "builtins.", 1))
    if found:
        return found
    if dotted in _HARMLESS_MODULE_NAMES:
        return ""
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        found = MODULES.get(".".join(parts[:count]))
        if found:
            return found
    if "." in name:
        return _through_attributes(name)
    return ""


def _through_attributes(name: str) -> str:
    parts = name.split(".")
    if any(part.startswith("__") and part.endswith("__") for part in parts):
        return REACHES
    for start in range(len(parts)):
        rest = ".".join(parts[start:])
        if parts[start] in MODULES:
            return MODULES[parts[start]]
        if f"builtins.{rest}" in NAMES and rest not in ("max", "min", "filter", "map", "next", "iter", "type"):
            return NAMES[f"builtins.{rest}"]
    return RUNS_CODE if parts[-1] in ("system", "popen", "eval", "exec") else ""


def acts_by_name(name: str) -> bool:
    """Whether a function's name says that it runs, loads, fetches or writes something."""
    import re

    return re.search(VERBS, name, re.IGNORECASE) is not None
