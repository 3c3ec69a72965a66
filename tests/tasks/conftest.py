import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rhelbench.tasks import card
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.store import load


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def basic_motions(data_dir):
    prepare("BasicMotions", data_dir)
    return load("BasicMotions", data_dir)


@pytest.fixture(scope="session")
def archives(data_dir):
    """Prepare a real task from RHELBENCH_MIRROR, once per session."""
    if not os.environ.get("RHELBENCH_MIRROR"):
        pytest.skip("RHELBENCH_MIRROR is not set: it names a folder or URL with the real archives")
    made = {}

    def get(task):
        if task not in made:
            prepare(task, data_dir)
            made[task] = load(task, data_dir)
        return made[task]

    return get


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """An empty folder of cards; no mirror from outside; no waiting between attempts."""
    monkeypatch.setattr(card, "CARDS", tmp_path / "cards")
    monkeypatch.delenv("RHELBENCH_MIRROR", raising=False)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    return tmp_path / "cards"


class Server(ThreadingHTTPServer):
    """Serves ``files`` (path to bytes); ``drops`` counts down the answers that break off half-way."""

    daemon_threads = True

    def __init__(self):
        self.files, self.drops, self.asked = {}, 0, []
        super().__init__(("127.0.0.1", 0), Handler)

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.asked.append(name)
        content = self.server.files.get(name)
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.server.drops:
            self.server.drops -= 1
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif content:
            self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()
