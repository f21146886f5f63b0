"""A WebKitGTK browser for the tests: a profile that lasts, a quota that can be set, storage features that the
library has but does not switch on by itself. It takes requests as lines of JSON and answers each with one.

Not by WebDriver: there, the end of WebKit's network process ends the session, and that end is what some tests are about.
"""
import argparse
import json
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

# Off by default in WebKitGTK 2.50, on in Safari; without them `navigator.storage` is undefined.
STORAGE_FEATURES = {"FileSystem", "AccessHandle", "StorageAPI", "StorageAPIEstimate"}


def main():
    arguments = read_arguments()
    browser = Browser(make_context(arguments.profile, arguments.quota_share), make_settings())
    buffer = b""

    def read(descriptor, _condition):
        nonlocal buffer
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            Gtk.main_quit()
            return False
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            browser.take(json.loads(line))
        return True

    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, read)
    version = (WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    say({"method": "started", "params": {"version": "%d.%d.%d" % version}})
    Gtk.main()


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", required=True)
    parser.add_argument("--quota-share", type=float, default=None)
    return parser.parse_args()


def make_context(profile, quota_share):
    options = {
        "base_data_directory": os.path.join(profile, "data"),
        "base_cache_directory": os.path.join(profile, "cache"),
    }
    if quota_share is not None:
        options.update(origin_storage_ratio=quota_share, total_storage_ratio=quota_share)
    manager = WebKit2.WebsiteDataManager(**options)
    return WebKit2.WebContext(website_data_manager=manager)


def make_settings():
    settings = WebKit2.Settings(
        enable_page_cache=True,
        hardware_acceleration_policy=WebKit2.HardwareAccelerationPolicy.NEVER,
        javascript_can_open_windows_automatically=True,
    )
    features = WebKit2.Settings.get_all_features()
    for index in range(features.get_length()):
        feature = features.get(index)
        if feature.get_identifier() in STORAGE_FEATURES:
            settings.set_feature_enabled(feature, True)
    return settings


class Browser:
    def __init__(self, context, settings):
        self.context = context
        self.settings = settings
        self.tabs = {}

    def take(self, request):
        act = getattr(self, "do_" + request["method"])
        try:
            act(request["id"], **request["params"])
        except Exception as error:
            refuse(request["id"], repr(error))

    def do_open(self, id):
        view = WebKit2.WebView(web_context=self.context, settings=self.settings)
        window = Gtk.Window(default_width=1024, default_height=768)
        window.add(view)
        window.show_all()
        view.connect("permission-request", allow)
        self.tabs[str(id)] = (view, window)
        answer(id, {"tab": str(id)})

    def do_close(self, id, tab):
        view, window = self.tabs.pop(tab)
        view.try_close()
        window.destroy()
        answer(id, {})

    def do_begin(self, id, tab, url):
        self.view(tab).load_uri(url)
        answer(id, {})

    def do_load(self, id, tab, url):
        self.answer_when_loaded(id, tab)
        self.view(tab).load_uri(url)

    def do_reload(self, id, tab):
        self.answer_when_loaded(id, tab)
        self.view(tab).reload()

    def do_back(self, id, tab):
        self.answer_when_loaded(id, tab)
        self.view(tab).go_back()

    def do_evaluate(self, id, tab, body):
        def done(view, result):
            try:
                answer(id, {"value": view.call_async_javascript_function_finish(result).to_string()})
            except GLib.Error as error:
                refuse(id, error.message)

        self.view(tab).call_async_javascript_function(body, -1, None, None, None, None, done)

    def view(self, tab):
        return self.tabs[tab][0]

    def answer_when_loaded(self, id, tab):
        view = self.view(tab)

        def changed(_view, event):
            if event == WebKit2.LoadEvent.FINISHED:
                stop()
                answer(id, {})

        def failed(_view, _event, url, error):
            stop()
            refuse(id, url + ": " + error.message)
            return True

        handlers = [view.connect("load-changed", changed), view.connect("load-failed", failed)]

        def stop():
            for handler in handlers:
                view.disconnect(handler)


def allow(_view, request):
    request.allow()
    return True


def answer(id, result):
    say({"id": id, "result": result})


def refuse(id, message):
    say({"id": id, "error": {"message": message}})


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


main()
