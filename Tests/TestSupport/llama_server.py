"""A real OpenAI-compatible server with a small random model: llama.cpp, as the package xllamacpp has it.

    python3 llama_server.py FOLDER [PORT [KEY]]

writes random.gguf into the folder, prints the address once it listens, and serves until its standard input ends. The
model knows the printable characters and the line feed, one token each, has one layer of 32 numbers, and its weights are
drawn from a fixed seed; so what it writes means nothing, and is the same each time.

GGUF version 3, little-endian: "GGUF", version, tensor count, count of pairs; the pairs (name, type, value); for each
tensor its name, dimensions from the innermost, type and offset; then, from a multiple of 32 on, the numbers.
"""

import random
import struct
import sys

import xllamacpp

NUMBER, REAL, TRUTH, TEXT, LIST = 4, 6, 7, 8, 9
WIDTH, HEADS, INNER, LAYERS = 32, 2, 64, 1


def text(value):
    value = value.encode()
    return struct.pack("<Q", len(value)) + value


def pair(name, kind, payload):
    return text(name) + struct.pack("<I", kind) + payload


def number(name, value):
    return pair(name, NUMBER, struct.pack("<I", value))


def entries(name, kind, items):
    return pair(name, LIST, struct.pack("<IQ", kind, len(items)) + b"".join(items))


def model():
    # As GPT-2 writes bytes: a space is Ġ, a line feed Ċ.
    tokens = [chr(code) for code in range(33, 127)] + ["\u0120", "\u010a", "</s>"]
    pairs = [
        pair("general.architecture", TEXT, text("llama")),
        number("llama.context_length", 4096),
        number("llama.embedding_length", WIDTH),
        number("llama.block_count", LAYERS),
        number("llama.feed_forward_length", INNER),
        number("llama.attention.head_count", HEADS),
        number("llama.attention.head_count_kv", HEADS),
        pair("llama.attention.layer_norm_rms_epsilon", REAL, struct.pack("<f", 1e-5)),
        number("llama.rope.dimension_count", WIDTH // HEADS),
        number("llama.vocab_size", len(tokens)),
        pair("tokenizer.ggml.model", TEXT, text("gpt2")),
        pair("tokenizer.ggml.pre", TEXT, text("gpt-2")),
        entries("tokenizer.ggml.tokens", TEXT, [text(token) for token in tokens]),
        entries("tokenizer.ggml.token_type", 5, [struct.pack("<i", 1)] * (len(tokens) - 1) + [struct.pack("<i", 3)]),
        entries("tokenizer.ggml.merges", TEXT, [text("1 2")]),
        number("tokenizer.ggml.bos_token_id", len(tokens) - 1),
        number("tokenizer.ggml.eos_token_id", len(tokens) - 1),
        pair("tokenizer.ggml.add_bos_token", TRUTH, b"\0"),
        pair("tokenizer.chat_template", TEXT, text("{% for m in messages %}{{ m['content'] }}{% endfor %}")),
    ]
    shapes = [
        ("token_embd.weight", [WIDTH, len(tokens)]),
        ("output_norm.weight", [WIDTH]),
        ("output.weight", [WIDTH, len(tokens)]),
    ]
    for layer in range(LAYERS):
        for name, shape in [
            ("attn_norm", [WIDTH]),
            ("attn_q", [WIDTH, WIDTH]),
            ("attn_k", [WIDTH, WIDTH]),
            ("attn_v", [WIDTH, WIDTH]),
            ("attn_output", [WIDTH, WIDTH]),
            ("ffn_norm", [WIDTH]),
            ("ffn_gate", [WIDTH, INNER]),
            ("ffn_up", [WIDTH, INNER]),
            ("ffn_down", [INNER, WIDTH]),
        ]:
            shapes.append((f"blk.{layer}.{name}.weight", shape))
    draw = random.Random(7)
    infos, numbers = b"", b""
    for name, shape in shapes:
        infos += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        infos += struct.pack("<IQ", 0, len(numbers))
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        values = [1.0] * count if "norm" in name else [draw.gauss(0, 0.5) for _ in range(count)]
        numbers += struct.pack(f"<{count}f", *values)
        numbers += b"\0" * (-len(numbers) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(pairs)) + b"".join(pairs) + infos
    return head + b"\0" * (-len(head) % 32) + numbers


def main():
    path = sys.argv[1] + "/random.gguf"
    with open(path, "wb") as file:
        file.write(model())
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx = 4096
    parameters.n_parallel = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    parameters.model_alias = {"random"}
    if len(sys.argv) > 3:
        parameters.api_keys = [sys.argv[3]]
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address + "/v1", flush=True)
    sys.stdin.read()
    del server


main()
