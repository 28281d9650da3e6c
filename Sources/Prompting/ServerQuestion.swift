// A question and its answer, as they go over the wire: the part of OpenAI's interface that vLLM, llama.cpp, Ollama and
// many others have too.
//
//     POST {address}/chat/completions              .chat
//     Authorization: Bearer {key}                  only where the key is for this server (`ServerKey`)
//
//     {"model":"gpt-4","messages":[{"role":"user","content":"…"}],"max_tokens":512,"temperature":0,"stream":false}
//
//     POST {address}/completions                   .completions: the model goes on with the text
//
//     {"model":"gpt2","prompt":"…","max_tokens":512,"temperature":0,"stream":false,"stop":["\nQuestion:"]}
//
//     200  {"model":"gpt-4-0613","choices":[{"message":{"content":"…"},"finish_reason":"stop"}],
//           "usage":{"prompt_tokens":212,"completion_tokens":34}}        for .completions "text" instead of "message"
//     else {"error":{"message":"…","code":"…","param":"…"}}
//
// `content` may be null: a model that refused has written nothing. `finish_reason`, `model` and `usage` may be missing.
// A server that does not know `max_tokens` (`"code":"unsupported_parameter","param":"max_tokens"`) is asked once more
// with `max_completion_tokens`, which says the same.

import Support

public struct ServerQuestion: Equatable, Sendable {
    public enum Interface: String, Sendable, CaseIterable { case chat, completions }

    public var address: ServerAddress
    public var interface: Interface
    public var model: String
    public var prompt: String
    /// Tokens that may be written.
    public var most: Int

    public init(to address: ServerAddress, _ interface: Interface, model: String, prompt: String, most: Int) {
        self.address = address
        self.interface = interface
        self.model = model
        self.prompt = prompt
        self.most = most
    }

    var path: String {
        switch interface {
        case .chat: "/chat/completions"
        case .completions: "/completions"
        }
    }

    func body(countedAs limit: String = "max_tokens") -> [UInt8] {
        var object = JSONObject([.init("model", .string(model))])
        switch interface {
        case .chat: object["messages"] = [["role": "user", "content": .string(prompt)]]
        case .completions: object["prompt"] = .string(prompt)
        }
        object[limit] = JSONValue(most)
        object["temperature"] = 0
        object["stream"] = false
        if interface == .completions { object["stop"] = ["\nQuestion:"] }
        return JSONWriter.bytes(.object(object))
    }
}

/// What a model wrote, and what it took.
public struct ServerAnswer: Equatable, Sendable {
    public var text: String
    /// Why it stopped, in the server's word: `stop`, `length`.
    public var end: String?
    /// Which model the server says it was.
    public var model: String?
    /// Tokens of the question and of the answer; nil where the server does not count them.
    public var read: Int?
    public var written: Int?

    public init(text: String, end: String? = nil, model: String? = nil, read: Int? = nil, written: Int? = nil) {
        self.text = text
        self.end = end
        self.model = model
        self.read = read
        self.written = written
    }

    /// More than anybody would be asked to pay for, so that sums stay whole.
    static let tokensMax = 1_000_000_000
}

extension ServerQuestion {
    /// The answer in a whole response.
    /// - Parameter redacted: takes the key out of a text
    func answer(in response: JSONValue, redacted: (String) -> String) throws(ServerFault) -> ServerAnswer {
        func lacks(_ part: String) -> ServerFault { .lacks(address, part: part) }
        guard let choice = response["choices"]?.array?.first else { throw lacks("\"choices\"") }
        let written: JSONValue?
        switch interface {
        case .chat: written = choice["message"]?["content"]
        case .completions: written = choice["text"]
        }
        let text: String
        switch written {
        case .string(let content): text = content
        case .null: text = ""
        default: throw lacks(interface == .chat ? "choices[0].message.content" : "choices[0].text")
        }
        func count(_ name: String) throws(ServerFault) -> Int? {
            guard let value = response["usage"]?[name], value != .null else { return nil }
            guard let count = value.integer, (0...ServerAnswer.tokensMax).contains(count) else {
                throw lacks("number of tokens as usage.\(name)")
            }
            return count
        }
        return ServerAnswer(
            text: redacted(text), end: choice["finish_reason"]?.string.map(redacted),
            model: response["model"]?.string.map(redacted), read: try count("prompt_tokens"),
            written: try count("completion_tokens"))
    }
}
