"""A collector of traces: takes spans by OTLP over HTTP as protocol buffers, reads them with OpenTelemetry's own
definitions, and writes each as a line of JSON. Ends with the process that started it.

usage: otlp_receiver.py PORT FILE
"""
import http.server
import json
import os
import sys
import threading
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


def attributes(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
            self.send_error(400)
            return
        request = ExportTraceServiceRequest.FromString(body)
        with self.server.lock, open(self.server.path, "a") as file:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        line = {
                            "resource": attributes(resource.resource.attributes),
                            "scope": scope.scope.name,
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "name": span.name,
                            "kind": Span.SpanKind.Name(span.kind),
                            "nanoseconds": span.end_time_unix_nano - span.start_time_unix_nano,
                            "begun": span.start_time_unix_nano,
                            "attributes": attributes(span.attributes),
                            "status": Status.StatusCode.Name(span.status.code),
                            "key": self.headers.get("X-Collector-Key"),
                        }
                        file.write(json.dumps(line) + "\n")
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    server.path, server.lock = sys.argv[2], threading.Lock()
    open(server.path, "w").close()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    server.serve_forever()


main()
