"""The reverse proxy: requests come in, are shown to the guard, and go on to the model's server."""

from violet.runtime.proxy.app import Proxy
from violet.runtime.proxy.http_server import protocol
from violet.runtime.proxy.options import Limits, ProxyOptions, Timeouts, Upstream
from violet.runtime.proxy.server_limits import ServerLimits

__all__ = ["Limits", "Proxy", "ProxyOptions", "ServerLimits", "Timeouts", "Upstream", "protocol"]
