#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `report --watch` shows what has finished, answers this machine alone, and survives nonsense.
set -euo pipefail
murine=$(realpath "$1")
folder=$(mktemp -d)
# the server has ended by then, unless a check failed
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p watched/results watched/runs/late-seed0-ab
echo '{"epoch": 0, "validation_accuracy": 0.25}' >watched/runs/late-seed0-ab/metrics.jsonl
echo secret >secret.json
"$murine" report --watch watched >address 2>log & server=$!
for _ in $(seq 100); do [ -s address ] && break; sleep 0.1; done
/usr/bin/python3 - address watched <<'PYTHON'
import http.client, json, os, pathlib, re, socket, sys, time

port = int(re.search(r"127\.0\.0\.1:(\d+)/", open(sys.argv[1]).read())[1])

def ask(method, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()

def raw(data):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.settimeout(10)
        try:
            return connection.recv(100)
        except OSError:
            return b""

status, page = ask("GET", "/")
assert status == 200 and "Nothing has finished yet" in page and "late-seed0-ab: training, 1 epochs done, 25.0 %" in page
assert "connect-src 'self'" in page and "fetch('version'" in page
_, before = ask("GET", "/version")
result = {"model_description": "m", "clean_accuracy": 0.5, "clean_interval": [0.4, 0.6], "n": 100, "tests": []}
folder = pathlib.Path(sys.argv[2]) / "results"
(folder / "one.json").write_text(json.dumps(result))
(folder / "two.json").write_text('{"clean_accuracy": "high", "tests": []}')
_, after = ask("GET", "/version")
assert before != after
status, page = ask("GET", "/")
assert status == 200 and '"clean":{"accuracy":0.5' in page and "Not shown: malformed results in" in page
for path in ("/../secret.json", "/%2e%2e/secret.json", "/results/one.json", "/..%2fsecret.json", "//etc/passwd", "/version/.."):
    status, text = ask("GET", path)
    assert status == 404 and "secret" not in text, (path, status)
for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
    assert ask(method, "/")[0] in (400, 405), method
assert ask("GET", "/", {"Host": "example.org"})[0] == 403
for data in (b"\0\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 100000 + b"\r\n\r\n",
             b"GET " + b"/" * 20000 + b" HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
             b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50):
    raw(data)
assert ask("GET", "/")[0] == 200
# other addresses of this machine are not listened on
try:
    socket.create_connection(("127.0.0.2", port), timeout=2)
    raise SystemExit("listens beyond 127.0.0.1")
except OSError:
    pass
PYTHON
kill -INT "$server"
wait "$server"
grep -q '127.0.0.1' address
