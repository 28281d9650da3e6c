// The colours of pages.
//
// Series: the colours of M. Okabe and K. Ito, "Color universal design" (2008), told apart with any colour vision;
// yellow, too pale on white, is replaced by the wine of P. Tol's muted scheme.
//
// Colour maps are paths through OKLCh (B. Ottosson 2020), where equal steps of lightness look equal, so that a map
// printed in grey still reads from light to dark:
//   sequential  L from 0.97 down to 0.27, hue from 200° (sea) to 285° (violet), chroma 0.012 + 0.105 · sin(π · share)
//   diverging   from L 0.97 at the centre down to 0.42, hue 255° (blue) below and 45° (orange) above, chroma 0.14 ·
//               √distance

import Glibc

struct Colour: Equatable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    init(_ hex: UInt32) {
        red = UInt8(hex >> 16 & 255)
        green = UInt8(hex >> 8 & 255)
        blue = UInt8(hex & 255)
    }

    /// The nearest colour of the sRGB cube to lightness, chroma and hue (in degrees).
    init(lightness: Double, chroma: Double, hue: Double) {
        let angle = hue * .pi / 180
        let (a, b) = (chroma * cos(angle), chroma * sin(angle))
        let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
        let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
        let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
        red = gammaEncoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
        green = gammaEncoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
        blue = gammaEncoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    }

    /// `#rrggbb`.
    var hex: String {
        let digits = Array("0123456789abcdef")
        return [red, green, blue].reduce(into: "#") { text, part in
            text.append(digits[Int(part >> 4)])
            text.append(digits[Int(part & 15)])
        }
    }

    /// Relative luminance as WCAG 2 defines it, 0 black to 1 white.
    var luminance: Double {
        func linear(_ part: UInt8) -> Double {
            let value = Double(part) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    // MARK: Palettes

    static func series(_ number: Int) -> Colour {
        let colours: [UInt32] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x882255, 0x4D4D4D]
        return Colour(colours[number % colours.count])
    }

    /// The sequential map at 0 to 1.
    static func sequential(_ share: Double) -> Colour {
        let chroma = 0.012 + 0.105 * sin(.pi * share)
        return Colour(lightness: 0.97 - 0.70 * share, chroma: chroma, hue: 200 + 85 * share)
    }

    /// The diverging map at 0 to 1, its centre at 0.5.
    static func diverging(_ share: Double) -> Colour {
        let distance = (share * 2 - 1).magnitude
        return Colour(
            lightness: 0.97 - 0.55 * distance, chroma: 0.14 * distance.squareRoot(), hue: share < 0.5 ? 255 : 45)
    }
}

private func cube(_ value: Double) -> Double { value * value * value }

private func gammaEncoded(_ linear: Double) -> UInt8 {
    let value = min(max(linear, 0), 1)
    let encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    return UInt8((encoded * 255).rounded())
}
