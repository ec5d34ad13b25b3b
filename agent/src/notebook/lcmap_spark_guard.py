"""Makes the token of the job the only way into a notebook, whatever Jupyter's own configuration says.

A server extension: Jupyter calls it once all configuration is read, and again before it listens. What it cannot overrule
ends the server before anybody can reach it. The agent writes this file and `settings.json` beside it, and asks the server
afterwards: it does not rely on this file alone.
"""

import json
import logging
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# How long the agent may take to read why the server is not to be, in seconds.
PATIENCE = 30


class Refused(Exception):
    """Jupyter is configured in a way that cannot be overruled."""


def _jupyter_server_extension_points():
    return [{"module": "lcmap_spark_guard"}]


def _link_jupyter_server_extension(app):
    """Before anything of the server is made."""
    with refusing(app):
        app.lcmap_spark_provider = provider_of(app, load_settings())
        configured = app.config["ServerApp"].pop("identity_provider_class", None)
        if configured is not None:
            say_unused(app, "identity_provider_class")
        app.identity_provider_class = app.lcmap_spark_provider


def _load_jupyter_server_extension(app):
    """When all of the server is made, and before it listens."""
    with refusing(app):
        guard(app, load_settings())


def load_settings():
    with open(os.path.join(HERE, "settings.json"), encoding="utf-8") as file:
        return json.load(file)


def provider_of(app, settings):
    """Who decides who gets in: Jupyter's own way, with nothing of it left to configuration."""
    from jupyter_server.auth.identity import PasswordIdentityProvider
    from jupyter_server.auth.login import LoginFormHandler

    class TokenAlone(PasswordIdentityProvider):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            for name, value, default in [
                ("token", settings["token"], settings["token"]),
                ("hashed_password", "", ""),
                ("password_required", False, False),
                ("login_handler_class", LoginFormHandler, LoginFormHandler),
                # A password that somebody sets would be a second way in.
                ("allow_password_change", False, True),
            ]:
                if self.has_trait(name):
                    if getattr(self, name) != default:
                        say_unused(app, name)
                    setattr(self, name, value)
            self.token_generated = False

    return TokenAlone


def guard(app, settings):
    if type(app.identity_provider) is not app.lcmap_spark_provider:
        kind = type(app.identity_provider)
        raise Refused(
            f"Jupyter's configuration{where(app, 'identity_provider_class')} has {kind.__module__}.{kind.__name__} decide "
            "who gets in, and the notebook's token would not; remove identity_provider_class there"
        )
    if app.sock:
        raise Refused(
            f"Jupyter's configuration{where(app, 'sock')} has it listen on the socket {app.sock}, where no browser gets "
            "to; remove sock there"
        )
    web_settings = app.web_app.settings
    for name in ("ip", "port"):
        if getattr(app, name) != settings[name]:
            say_unused(app, name)
            setattr(app, name, settings[name])
            # Jupyter has made up its mind by the other address whether it may be asked by a name from elsewhere.
            web_settings["allow_remote_access"] = not settings["ip"].startswith("127.")
    # `tornado_settings` would go over it.
    web_settings["identity_provider"] = app.identity_provider
    # Whoever knows an image knows the secret in it, and could sign a cookie as if they had logged in.
    web_settings["cookie_secret"] = os.urandom(32)
    web_settings["allow_unauthenticated_access"] = False
    quieten(app, settings["question"])
    if app.base_url != "/":
        lead_to(app, app.base_url)
    with open(os.path.join(HERE, "guarded"), "w", encoding="utf-8"):
        pass


def say_unused(app, name):
    app.log.warning("lcmap-spark: %s of Jupyter's configuration%s is not used", name, where(app, name))


def where(app, word):
    """Names the configuration files that hold a word."""
    points = getattr(getattr(app, "extension_manager", None), "extension_points", {})
    apps = [app] + [getattr(point, "app", None) for point in points.values()]
    files = []
    for each in apps:
        for file in getattr(each, "loaded_config_files", []):
            if file not in files and not file.startswith(HERE) and holds(file, word):
                files.append(file)
    return " (" + ", ".join(files) + ")" if files else ""


def holds(file, word):
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return word in opened.read()
    except OSError:
        return False


def quieten(app, question):
    """Leaves out the server's own address, which has no token in it, and what the agent's questions would add."""
    line = "Jupyter Server {} is running".format(type(app).version)
    app.running_server_info = lambda kernel_count=True: app.contents_manager.info_string() + "\n" + line

    def is_wanted(record):
        request = getattr(current_handler(), "request", None)
        return request is None or question not in request.uri

    app.log.addFilter(is_wanted)


def current_handler():
    """What answers the request that a line of the log is about."""
    try:
        from jupyter_server.base.call_context import CallContext
    except ImportError:
        return None
    return CallContext.get(CallContext.JUPYTER_HANDLER)


def lead_to(app, base_url):
    """Leads from / to the notebook, so that its address opens it without its prefix, too."""
    from tornado.web import RedirectHandler

    class Root(RedirectHandler):
        def get(self):
            super().get()

    # What `jupyter_server.auth.decorator.allow_unauthenticated` does, where there is one.
    setattr(Root.get, "__allow_unauthenticated", True)
    app.web_app.add_handlers(".*$", [(r"/", Root, {"url": base_url, "permanent": False})])


class refusing:
    """Ends the server, and says why, when what is done under it fails in any way: nothing may listen then."""

    def __init__(self, app):
        self.app = app

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if not isinstance(error, Exception):
            return
        why = str(error) if kind is Refused else f"Jupyter cannot be kept to its token: {kind.__name__}: {error}"
        self.app.log.critical("lcmap-spark: %s", why)
        new = os.path.join(HERE, "refused.new")
        with open(new, "w", encoding="utf-8") as file:
            file.write(why)
        os.replace(new, os.path.join(HERE, "refused"))
        # Jupyter's own handler would wait for a loop that never runs.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        logging.shutdown()
        time.sleep(PATIENCE)
        sys.exit(1)
