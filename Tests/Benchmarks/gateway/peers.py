"""The peers: nginx, HAProxy and Caddy set up for the gateway's job, in front of an nginx with a constant answer.

Each has a plain and a TLS door, one worker or thread per core, kept connections to the origin, no access log; each
counts requests per address, adds the fields that the gateway adds, those of CORS for the named origin only, and numbers
requests. Debian's Caddy has no rate limit.
"""

import contextlib
import os
import re

from suite import spare_ports

from .door import ORIGIN, Side, check
from .processes import Failure, Server, found, output_of

NAMES = ("nginx", "haproxy", "caddy")
_PER_SECOND = 1_000_000


def certificate(folder):
    """A certificate with its key, ECDSA P-256, for this run; and both in one file, as HAProxy takes them."""
    files = [folder / name for name in ("certificate.pem", "key.pem", "both.pem")]
    # Made before openssl writes it: nobody else can read a key of ours.
    for file in files[1:]:
        file.touch(mode=0o600)
    output_of([found("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-keyout", files[1], "-out", files[0], "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    files[2].write_text(files[0].read_text() + files[1].read_text())
    return files


def cors(fields):
    """The fields that only a named origin gets, and the others."""
    def is_cors(name):
        return name.startswith("access-control-")

    return [field for field in fields if is_cors(field[0])], [field for field in fields if not is_cors(field[0])]


def quoted(value):
    """In double quotes, which mean the same to all three."""
    if re.search(r"[\\$%{}`\n]", value):
        raise Failure(f"the gateway's field value {value!r} can't be written into the peers' configurations.")
    escaped = value.replace('"', r'\"')
    return f'"{escaped}"'


def nginx_configuration(folder, name, workers, http):
    # Started as root, nginx would give its workers to another user, who can't enter the folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    paths = "\n".join(f"    {kind}_temp_path {folder}/{name}-{kind};"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""{user}daemon off;
worker_processes {workers};
pid {folder}/{name}.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
{paths}
{http}
}}
"""


def origin_configuration(folder, workers, port, size):
    return nginx_configuration(folder, "origin", workers, f"""    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 '{"x" * size}'; }}
    }}""")


def nginx(folder, workers, ports, origin, fields, files):
    named, others = cors(fields)
    maps = "\n".join(f"    map $http_origin $cors_{index} {{ default ''; '{ORIGIN}' {quoted(value)}; }}"
                     for index, (_, value) in enumerate(named))
    added = [(name, quoted(value)) for name, value in others]
    added += [(name, f"$cors_{index}") for index, (name, _) in enumerate(named)] + [("x-request-id", "$request_id")]
    add = "\n".join(f"            add_header {name} {value} always;" for name, value in added)
    text = nginx_configuration(folder, "nginx", workers, f"""{maps}
    limit_req_zone $binary_remote_addr zone=addresses:10m rate={_PER_SECOND}r/s;
    limit_req_status 429;
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 1024; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{ports[0]} backlog=4096;
        listen 127.0.0.1:{ports[1]} ssl http2 backlog=4096;
        ssl_certificate {files[0]};
        ssl_certificate_key {files[1]};
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            limit_req zone=addresses burst={_PER_SECOND} nodelay;
{add}
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Request-Id $request_id;
        }}
    }}""")
    return text, nginx_command(folder, "nginx"), None


def nginx_command(folder, name):
    return [found("nginx"), "-p", folder, "-c", folder / f"{name}.conf", "-e", "stderr"]


def haproxy(folder, workers, ports, origin, fields, files):
    named, others = cors(fields)
    condition = f" if {{ var(txn.origin) -m str {ORIGIN} }}"
    add = "\n".join(f"    http-response set-header {name} {quoted(value)}{suffix}"
                    for group, suffix in ((others, ""), (named, condition)) for name, value in group)
    text = f"""global
    nbthread {workers}
    maxconn 4096
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
    option forwardfor
frontend doors
    bind 127.0.0.1:{ports[0]}
    bind 127.0.0.1:{ports[1]} ssl crt {files[2]} alpn h2,http/1.1 ssl-min-ver TLSv1.2
    stick-table type ip size 100k expire 60s store http_req_rate(1s)
    http-request track-sc0 src
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {_PER_SECOND} }}
    unique-id-format %[uuid()]
    unique-id-header x-request-id
    http-request set-var(txn.origin) req.hdr(origin)
    http-response set-header x-request-id %[unique-id]
{add}
    default_backend origin
backend origin
    server origin 127.0.0.1:{origin}
"""
    return text, [found("haproxy"), "-db", "-f", folder / "haproxy.conf"], None


def caddy(folder, workers, ports, origin, fields, files):
    named, others = cors(fields)
    fixed = "\n".join(f"\t\t{name} {quoted(value)}" for name, value in others)
    allowed = "\n".join(f"\t\t{name} {quoted(value)}" for name, value in named)
    text = f"""{{
	admin off
	auto_https off
	servers {{
		protocols h1 h2
	}}
}}
(job) {{
	bind 127.0.0.1
	@named header Origin {ORIGIN}
	header {{
{fixed}
		x-request-id {{http.request.uuid}}
	}}
	header @named {{
{allowed}
	}}
	reverse_proxy 127.0.0.1:{origin} {{
		header_up X-Request-Id {{http.request.uuid}}
		transport http {{
			compression off
			keepalive_idle_conns 4096
			keepalive_idle_conns_per_host 1024
		}}
	}}
}}
http://:{ports[0]} {{
	import job
}}
https://:{ports[1]} {{
	tls {files[0]} {files[1]}
	import job
}}
"""
    environment = {**os.environ, "GOMAXPROCS": str(workers), "HOME": str(folder), "XDG_DATA_HOME": str(folder),
                   "XDG_CONFIG_HOME": str(folder)}
    return text, [found("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "caddy.conf"], environment


_CONFIGURE = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}


def version(name):
    """As the program says it."""
    said = output_of([found(name), "version" if name == "caddy" else "-v"])
    number = re.search(r"\d+(\.\d+)+\S*", said)
    title = {"nginx": "nginx", "haproxy": "HAProxy", "caddy": "Caddy"}[name]
    return f"{title} {number.group() if number else said.split()[0]}"


@contextlib.contextmanager
def running(names, folder, workers, like, files):
    """The peers that are named, ready, as a list of sides; the origin behind them answers as many bytes as `like`."""
    with contextlib.ExitStack() as stack:
        port = spare_ports(1)[0]
        (folder / "origin.conf").write_text(origin_configuration(folder, workers, port, len(like.body)))
        origin = stack.enter_context(Server("origin", nginx_command(folder, "origin"), folder))
        sides = []
        for name in names:
            ports = spare_ports(2)
            text, command, environment = _CONFIGURE[name](folder, workers, ports, port, like.constant, files)
            (folder / f"{name}.conf").write_text(text)
            server = stack.enter_context(Server(name, command, folder, environment))
            side = Side(name, version(name), *ports, [], [])
            check(side, like, server)
            side.front, side.behind = server.family(), origin.family()
            sides.append(side)
        yield sides
