// Whether a terminal is dark or light, since no colour can be read on all backgrounds.
//
// From the environment at first: `ICOT_BACKGROUND=dark` or `light`, or COLORFGBG, whose last number is the background's
// among the sixteen colours (rxvt, Konsole). Else the line editor asks once, by xterm's OSC 11 `ESC ] 11 ; ? ESC \`,
// and goes on: a terminal that knows answers `ESC ] 11 ; rgb:RRRR/GGGG/BBBB ESC \` among the keys, others never do.

import Glibc
import Synchronization

enum Background: Sendable {
    case dark, light
    /// Then colours are taken that can be read on black and on white.
    case unknown

    private static let found = Mutex(fromEnvironment(environment))

    /// That of the terminal at hand.
    static var current: Background {
        get { found.withLock { $0 } }
        set { found.withLock { $0 = newValue } }
    }

    static func fromEnvironment(_ variable: (String) -> String?) -> Background {
        switch variable("ICOT_BACKGROUND") {
        case "dark": return .dark
        case "light": return .light
        default: break
        }
        // The console of Linux is black.
        if variable("TERM") == "linux" { return .dark }
        guard let last = variable("COLORFGBG")?.split(separator: ";").last, let colour = Int(last) else {
            return .unknown
        }
        return colour == 7 || colour == 15 ? .light : colour < 16 ? .dark : .unknown
    }

    /// The question, for terminals that are likely to pass over what they do not know.
    static func question(term: String) -> String? {
        let isAsked = current == .unknown && !["", "dumb", "linux"].contains(term) && !term.hasPrefix("screen")
        return isAsked ? "\u{1b}]11;?\u{1b}\\" : nil
    }

    /// From what stands between `ESC ]` and its end; nil for anything else than an answer.
    init?(answer: [UInt8]) {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("11;rgb:") || text.hasPrefix("11;rgba:") else { return nil }
        let parts = text.drop { $0 != ":" }.dropFirst().split(separator: "/").prefix(3)
        let levels = parts.compactMap { part in
            Int(part, radix: 16).map { Double($0) / (Double(1 << (4 * part.count)) - 1) }
        }
        guard levels.count == 3 else { return nil }
        self = Contrast.luminance(levels) > 0.18 ? .light : .dark
    }
}

/// How well two colours can be told apart: WCAG 2.2, relative luminance and contrast ratio.
enum Contrast {
    /// - Parameter levels: red, green and blue from 0 to 1, as sRGB.
    static func luminance(_ levels: [Double]) -> Double {
        let linear = levels.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    static func ratio(_ one: Double, _ other: Double) -> Double {
        (max(one, other) + 0.05) / (min(one, other) + 0.05)
    }
}
