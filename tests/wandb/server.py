"""A stand-in for wandb's server: as much of its GraphQL and file stream as runs, `wandb sync` and workspaces speak.

Lines of a run's files are kept where their offset says, as wandb's own server does. It knows nothing else: no
permissions, no merging of steps, no pictures of what a view looks like.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: No key of anybody's; forty characters, as wandb demands.
KEY = "noKeyOfAnybodysButFortyCharactersLong012"
_VIEWER = {"id": "u", "entity": "someone", "username": "someone", "flags": "{}", "teams": {"edges": []}, "admin": False}


class Server:
    """Remembers ``runs`` (id to ``said``, what was said of it, and ``files``, name to lines), ``views`` and ``asked``.

    Args:
        refuse: name of a request (a GraphQL operation, or ``file_stream``) to the HTTP status that it gets.
    """

    def __init__(self):
        self.runs, self.views, self.asked, self.refuse = {}, {}, [], {}

    def __enter__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                code, reply = outer.reply(self.path, body)
                sent = json.dumps(reply).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PUT = answer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def history(self, run_id):
        """Return a run's rows, as (step, values by name), in the order in which the server holds them."""
        rows = map(json.loads, self.runs[run_id]["files"]["wandb-history.jsonl"])
        return [(row["_step"], {name: value for name, value in row.items() if name[0] != "_"}) for row in rows]

    def reply(self, path, body):
        if path == "/graphql":
            asked = json.loads(body)
            name = asked.get("operationName") or asked["query"].split("(")[0].split()[-1]
            self.asked.append((name, asked.get("variables", {})))
            if name in self.refuse:
                return self.refuse[name], {"errors": [{"message": "permission denied"}]}
            return 200, {"data": self._data(name, asked.get("variables", {}))}
        if path.endswith("/file_stream"):
            if "file_stream" in self.refuse:
                return self.refuse["file_stream"], {}
            files = self.runs[path.split("/")[-2]]["files"]
            for name, part in (json.loads(body).get("files") or {}).items():
                lines = files.setdefault(name, [])
                lines[part["offset"] : part["offset"] + len(part["content"])] = part["content"]
        return 200, {}

    def _data(self, name, given):
        if name == "UpsertBucket":
            inserted = given["name"] not in self.runs
            run = self.runs.setdefault(given["name"], {"said": {}, "files": {}})
            run["said"] |= {key: value for key, value in given.items() if value is not None}
            return {"upsertBucket": {"bucket": self._bucket(given["name"]), "inserted": inserted}}
        if name == "RunResumeStatus":
            known = self._bucket(given["name"]) if given["name"] in self.runs else None
            return {"model": {"id": "p", "name": "rhelbench", "entity": {"id": "e", "name": "someone"}, "bucket": known}}
        if name == "CreateRunFiles":
            files = [{"name": file, "uploadUrl": f"{self.url}/put/{file}"} for file in given["files"]]
            return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}
        if name == "UpsertView2":
            view = {**given, "id": given.get("id") or f"id-{len(self.views)}"}
            inserted = view["id"] not in self.views
            self.views[view["id"]] = view
            return {"upsertView": {"view": {"id": view["id"], "name": given["name"]}, "inserted": inserted}}
        if name == "View":
            found = [view for view in self.views.values() if view["name"] == given["viewName"]]
            return {"project": {"allViews": {"edges": [{"node": view} for view in found]}}}
        return {"viewer": _VIEWER} if "Viewer" in name else {}

    def _bucket(self, name):
        files = self.runs[name]["files"]
        history, events = files.get("wandb-history.jsonl", []), files.get("wandb-events.jsonl", [])
        return {
            "id": name, "name": name, "displayName": name, "description": "", "config": "{}", "sweepName": None, "tags": [],
            "project": {"id": "p", "name": "rhelbench", "entity": {"id": "e", "name": "someone"}}, "logLineCount": 0,
            "historyLineCount": len(history), "eventsLineCount": len(events), "historyTail": json.dumps(history[-1:]),
            "eventsTail": json.dumps(events[-1:]), "summaryMetrics": files.get("wandb-summary.json", ["{}"])[-1],
            "wandbConfig": "{}",
        }  # fmt: skip
