"""A made-up provider on loopback that speaks OpenAI's, Anthropic's and Gemini's APIs, for tests of gateways.

Every answer has the same known usage, so that its cost is known to the nano-dollar. Model names steer it: "…slow…" streams a
chunk every 20 ms until it is released or its client goes away, "…stall…" does not answer before it is released.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OPENAI_USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
                "prompt_tokens_details": {"cached_tokens": 600}, "completion_tokens_details": {"reasoning_tokens": 30}}
RESPONSES_USAGE = {"input_tokens": 300, "input_tokens_details": {"cached_tokens": 200}, "output_tokens": 50,
                   "output_tokens_details": {"reasoning_tokens": 30}, "total_tokens": 350}
ANTHROPIC_USAGE = {"input_tokens": 12, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 400,
                   "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 0}, "output_tokens": 20}
GEMINI_USAGE = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 30, "totalTokenCount": 150}


def sse(events):
    return [f"data: {json.dumps(e)}\n\n".encode() for e in events]


def openai(body, number):
    base = {"id": f"chatcmpl-{number}", "created": 1764000000, "model": body["model"]}
    if not body.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
        return dict(base, object="chat.completion", choices=[choice], usage=OPENAI_USAGE)
    chunk = dict(base, object="chat.completion.chunk")
    events = [dict(chunk, choices=[{"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": None}]),
              dict(chunk, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])]
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(dict(chunk, choices=[], usage=OPENAI_USAGE))
    return sse(events) + [b"data: [DONE]\n\n"]


def responses(body, number):
    part = {"type": "output_text", "text": "hello", "annotations": []}
    message = {"type": "message", "id": f"msg-{number}", "role": "assistant", "status": "completed", "content": [part]}
    return {"id": f"resp_{number}", "object": "response", "created_at": 1764000000, "status": "completed", "model": body["model"],
            "output": [message], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": RESPONSES_USAGE}


def anthropic(body, number):
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "stop_reason": "end_turn",
               "stop_sequence": None, "content": [{"type": "text", "text": "hello"}], "usage": ANTHROPIC_USAGE}
    if not body.get("stream"):
        return message
    start = dict(message, content=[], stop_reason=None, usage=dict(ANTHROPIC_USAGE, output_tokens=1))
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in (
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"})]


def gemini(path, number):
    model = path.split("models/")[1].split(":")[0]
    content = {"role": "model", "parts": [{"text": "hello"}]}
    answer = {"responseId": f"gem-{number}", "modelVersion": model, "usageMetadata": GEMINI_USAGE,
              "candidates": [{"index": 0, "content": content, "finishReason": "STOP"}]}
    return sse([answer]) if "stream" in path else answer


class Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests = []  # (path, body) in the order of their arrival
        self.release = threading.Event()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def arrived(self, path, body):
        with self.lock:
            self.requests.append((path, body))
            return len(self.requests)

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        path = self.path.split("?")[0]
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        number = self.server.arrived(path, body)
        model = body.get("model", "")
        if "stall" in model:
            self.server.release.wait(10)
        if path.endswith("/messages"):
            answer = anthropic(body, number)
        elif "models/" in path:
            answer = gemini(path, number)
        else:
            answer = responses(body, number) if path.endswith("/responses") else openai(body, number)
        self.answer(answer, "slow" in model)

    def answer(self, answer, slow):
        streams = isinstance(answer, list)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streams else "application/json")
        if not streams:
            data = json.dumps(answer).encode()
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.chunk(answer[0])
        repeated = answer[-4] if len(answer) > 4 else answer[0]
        while slow and not self.server.release.wait(0.02):
            self.chunk(repeated)
        for part in answer[1:]:
            self.chunk(part)
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
