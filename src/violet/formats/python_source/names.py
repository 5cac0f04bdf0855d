"""Names of the standard library and of common packages, by what calling them does."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMAND = _names(
    "os.system os.popen os.popen2 os.popen3 os.popen4 os.startfile os.execl os.execle os.execlp"
    " os.execlpe os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe"
    " os.spawnv os.spawnve os.spawnvp os.spawnvpe os.posix_spawn os.posix_spawnp subprocess.run"
    " subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput"
    " subprocess.getstatusoutput pty.spawn commands.getoutput commands.getstatusoutput popen2.popen2"
    " popen2.popen3 platform.popen asyncio.create_subprocess_exec asyncio.create_subprocess_shell"
    " asyncio.subprocess.create_subprocess_exec asyncio.subprocess.create_subprocess_shell"
    " _posixsubprocess.fork_exec pexpect.spawn pexpect.run distutils.spawn.spawn"
    " setuptools._distutils.spawn.spawn numpy.distutils.exec_command.exec_command _winapi.CreateProcess"
    " _osx_support._read_output webbrowser.get().open_new plumbum.local sh.Command invoke.run"
    " fabric.api.local IPython.get_ipython().system get_ipython().system ctypes.CDLL().system"
    " ctypes.CDLL().execve ctypes.CDLL().popen ctypes.cdll.LoadLibrary().system ctypes.cdll.msvcrt.system"
    " ctypes.windll.msvcrt.system ctypes.windll.kernel32.WinExec ctypes.windll.shell32.ShellExecuteW"
    " ctypes.windll.shell32.ShellExecuteA get_ipython().getoutput get_ipython().run_cell_magic"
    " IPython.utils.process.system"
)
SHELLS = _names(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput platform.popen commands.getoutput"
    " commands.getstatusoutput asyncio.create_subprocess_shell get_ipython().system"
    " get_ipython().getoutput"
)
EXECUTE = _names(
    "builtins.exec builtins.eval builtins.execfile code.InteractiveInterpreter().runsource"
    " code.InteractiveInterpreter().runcode code.InteractiveConsole().push"
    " code.InteractiveConsole().runcode timeit.timeit timeit.repeat timeit.Timer cProfile.run"
    " cProfile.runctx profile.run profile.runctx pdb.run bdb.Bdb().run pdb.runeval trace.Trace().run"
    " trace.Trace().runctx doctest.debug_script numpy.testing.runstring pandas.eval"
    " IPython.get_ipython().run_cell get_ipython().run_cell get_ipython().ex types.FunctionType"
    " torch._C._jit_compile numexpr.evaluate test.support.run_code _xxsubinterpreters.run_string"
    " _interpreters.exec idlelib.run.Executive().runcode cgitb.test"
)
LOAD_CODE = _names(
    "runpy.run_path runpy.run_module imp.load_source imp.load_module imp.load_compiled imp.load_dynamic"
    " importlib.machinery.SourceFileLoader importlib.machinery.SourcelessFileLoader"
    " importlib.machinery.ExtensionFileLoader importlib.util.spec_from_file_location"
    " importlib.util.spec_from_loader zipimport.zipimporter site.addsitedir site.addpackage"
)
DESERIALIZE = _names(
    "pickle.loads pickle.load pickle.Unpickler pickle._loads pickle._load _pickle.loads _pickle.load"
    " cPickle.loads cPickle.load dill.loads dill.load dill.load_session cloudpickle.loads cloudpickle.load"
    " marshal.loads marshal.load shelve.open jsonpickle.decode joblib.load torch.load pandas.read_pickle"
    " yaml.load yaml.unsafe_load yaml.full_load numpy.load pickle5.loads hickle.load"
)
NETWORK = _names(
    "urllib.request.urlopen urllib.request.urlretrieve urllib.request.Request urllib.urlopen"
    " urllib.urlretrieve urllib2.urlopen urllib.request.URLopener().open"
    " urllib.request.build_opener().open requests.get requests.post requests.put requests.patch"
    " requests.delete requests.head requests.request requests.Session().get requests.Session().post"
    " requests.Session().put requests.Session().request requests.session().get requests.session().post"
    " httpx.get httpx.post httpx.put httpx.request httpx.stream httpx.Client().get httpx.Client().post"
    " httpx.AsyncClient().post httpx.AsyncClient().get urllib3.PoolManager().request urllib3.request"
    " aiohttp.ClientSession().get aiohttp.ClientSession().post aiohttp.request wget.download"
    " http.client.HTTPConnection().request http.client.HTTPSConnection().request"
    " httplib.HTTPSConnection().request httplib.HTTPConnection().request socket.create_connection"
    " socket.socket().connect socket.socket().connect_ex socket.socket().send socket.socket().sendall"
    " socket.socket().sendto socket.create_connection().send socket.create_connection().sendall"
    " socket.gethostbyname socket.getaddrinfo ftplib.FTP ftplib.FTP().storbinary ftplib.FTP().login"
    " smtplib.SMTP smtplib.SMTP().sendmail smtplib.SMTP_SSL().sendmail smtplib.SMTP().send_message"
    " telnetlib.Telnet paramiko.SSHClient().connect xmlrpc.client.ServerProxy websocket.create_connection"
    " pycurl.Curl().perform dns.resolver.resolve dns.resolver.query torch.hub.download_url_to_file"
    " torch.hub.load_state_dict_from_url boto3.client().put_object boto3.client().upload_file"
)
DOWNLOAD_TO = {
    "urllib.request.urlretrieve": 1,
    "urllib.urlretrieve": 1,
    "urllib.request.URLopener().retrieve": 1,
    "wget.download": 1,
    "torch.hub.download_url_to_file": 1,
}
"""Functions that save a download, with the position of the file's name among their arguments."""

DOWNLOADED = (
    "urllib.request.urlopen()", "urllib.urlopen()", "urllib2.urlopen()", "requests.get()",
    "requests.post()", "requests.request()", "requests.Session().get()", "requests.Session().post()",
    "requests.session().get()", "httpx.get()", "httpx.post()", "httpx.request()",
    "httpx.Client().get()", "urllib3.PoolManager().request()", "urllib3.request()",
    "http.client.HTTPSConnection().getresponse()", "http.client.HTTPConnection().getresponse()",
    "aiohttp.ClientSession().get()", "urllib.request.build_opener().open()", "dns.resolver.resolve()",
    "urllib.request.URLopener().open()",
)  # fmt: skip
RECEIVED = tuple(
    f"{made}.{name}()"
    for made in ("socket.socket()", "socket.create_connection()", "socket.socket().accept()")
    for name in ("recv", "recvfrom", "recv_into", "makefile", "makefile().read", "makefile().readline")
)
HOST = _names(
    "socket.gethostname platform.node platform.uname getpass.getuser os.getlogin os.uname socket.getfqdn"
    " uuid.getnode os.getcwd pwd.getpwuid os.environ.USER"
)
PERSIST_WRITES = _names(
    "builtins.open io.open codecs.open os.open pathlib.Path().open pathlib.Path().write_text"
    " pathlib.Path().write_bytes shutil.copy shutil.copyfile shutil.copy2 shutil.move os.rename os.replace"
    " os.symlink os.link urllib.request.urlretrieve urllib.urlretrieve wget.download"
)
DELETE = _names("shutil.rmtree os.remove os.unlink os.removedirs os.rmdir os.truncate")
NATIVE = _names(
    "ctypes.CDLL ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.cdll.LoadLibrary"
    " ctypes.windll.LoadLibrary ctypes.pydll.LoadLibrary cffi.FFI().dlopen torch.ops.load_library"
    " torch.classes.load_library tensorflow.load_op_library tensorflow.load_library"
    " onnxruntime.SessionOptions().register_custom_ops_library numpy.ctypeslib.load_library _ctypes.dlopen"
)
BUILDS = _names(
    "torch.utils.cpp_extension.load torch.utils.cpp_extension.load_inline cffi.FFI().verify"
    " pyximport.install Cython.inline scipy.weave.inline numpy.f2py.compile"
)
SHELLCODE = _names(
    "ctypes.windll.kernel32.VirtualAlloc ctypes.windll.kernel32.VirtualAllocEx"
    " ctypes.windll.kernel32.CreateThread ctypes.windll.kernel32.RtlMoveMemory"
    " ctypes.windll.kernel32.WriteProcessMemory ctypes.windll.kernel32.CreateRemoteThread"
    " ctypes.windll.ntdll.NtCreateThreadEx"
)
REMOTE_CODE = _names("torch.hub.load torch.hub.load_state_dict huggingface_hub.load_repo")
WRITES = _names("write writelines write_text write_bytes")
OPENERS = _names(
    "builtins.open io.open codecs.open gzip.open pathlib.Path().open os.fdopen"
    " tempfile.NamedTemporaryFile tempfile.TemporaryFile tempfile.mkstemp aiofiles.open"
)  # fmt: skip

DANGEROUS_MODULES = _names(
    "os posix nt subprocess pty socket ctypes builtins __builtin__ commands marshal runpy shutil"
    " multiprocessing importlib code pickle cPickle _pickle _posixsubprocess urllib urllib.request"
    " requests base64"
)
"""Modules that nobody has a reason to import in a roundabout way from model code."""

NEVER_ROUNDABOUT = _names("os posix nt subprocess pty socket ctypes commands marshal runpy code _posixsubprocess")

ALIASES = {
    "posix": "os",
    "nt": "os",
    "__builtin__": "builtins",
    "__builtins__": "builtins",
    "_io": "io",
    "six.moves.cPickle": "pickle",
    "six.moves.urllib.request": "urllib.request",
    "six.moves.builtins": "builtins",
    "numpy.compat.py3k": "builtins",
}
REEXPORTED = _names("os sys subprocess builtins socket pickle ctypes importlib")
"""Standard modules that are reached through any module that imported them (``shutil.os.system``)."""

PASS_THROUGH = _names(
    "builtins.str builtins.bytes builtins.bytearray builtins.memoryview builtins.compile builtins.repr"
    " builtins.list builtins.tuple builtins.dict builtins.iter builtins.next io.StringIO io.BytesIO"
    " textwrap.dedent ast.parse os.fspath os.path.abspath os.path.realpath os.path.normpath json.dumps"
    " urllib.parse.urlencode urllib.parse.quote copy.copy copy.deepcopy shlex.split shlex.quote"
    " os.fsencode os.fsdecode types.CodeType"
)

BUILTINS_OF_INTEREST = _names(
    "eval exec compile __import__ getattr setattr open globals locals vars chr ord bytes bytearray str"
    " int list tuple map filter reversed zip dict set sorted breakpoint execfile memoryview repr iter next"
    " input format hex slice type object super print range len sum any all isinstance"
)
SENSITIVE_BUILTINS = _names("builtins.eval builtins.exec builtins.compile builtins.__import__")

CREDENTIAL_FILES = (
    ".ssh/id_", ".ssh/identity", ".aws/credentials", ".aws/config", ".netrc", ".git-credentials",
    ".kube/config", ".docker/config.json", ".npmrc", ".pypirc", "/etc/shadow", "/etc/passwd",
    ".config/gcloud", ".azure/", "Login Data", "Local State", "logins.json", "key4.db",
    "cookies.sqlite", ".bash_history", ".zsh_history", "wallet.dat", ".electrum", "Exodus", "metamask",
    "huggingface/token", ".huggingface/token", "discord/Local Storage",
    "/var/run/secrets/kubernetes.io", "/proc/self/environ", ".gnupg", ".env",
)  # fmt: skip
PERSISTENT_FILES = (
    "authorized_keys", "/etc/cron", "/var/spool/cron", ".bashrc", ".bash_profile", ".profile", ".zshrc",
    ".zprofile", "/etc/profile", "sitecustomize.py", "usercustomize.py", "/etc/systemd",
    ".config/systemd", ".config/autostart", "LaunchAgents", "LaunchDaemons", "/etc/rc.local",
    "/etc/ld.so.preload", "/etc/init.d", "Start Menu\\Programs\\Startup", "Start Menu/Programs/Startup",
    "/etc/sudoers", ".git/hooks/", ".ipython/profile_default/startup", ".vimrc", "crontabs",
)  # fmt: skip
COLLECTORS = (
    "discord.com/api/webhooks", "discordapp.com/api/webhooks", "api.telegram.org/bot", "webhook.site",
    "requestbin", "pipedream.net", "burpcollaborator.net", "oastify.com", ".oast.", "interact.sh",
    "dnslog.cn", "ceye.io", "ngrok.io", "ngrok-free.app", "ngrok.app", "transfer.sh",
    "pastebin.com/raw", "hastebin.com/raw", "paste.ee/r", "rentry.co/", "trycloudflare.com",
    "serveo.net", "canarytokens.com", "hookbin.com", "beeceptor.com", "file.io", "anonfiles.com",
    "gofile.io", "0x0.st", "bashupload.com", ".onion/", "localhost.run", "requestcatcher.com",
)  # fmt: skip


def normalise(path: str) -> str:
    """One spelling for the ways to name the same thing."""
    head, dot, rest = path.partition(".")
    if head in ALIASES:
        return normalise(f"{ALIASES[head]}{dot}{rest}")
    if "." in rest:
        parts = path.split(".")
        for index in range(len(parts) - 2, 0, -1):
            name = parts[index].lstrip("_")
            if name in REEXPORTED and parts[0] != name:
                return ".".join([name, *parts[index + 1 :]])
    return "builtins.open" if path == "io.open" else path
