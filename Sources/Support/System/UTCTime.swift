import Glibc

/// The time of day, in UTC.
public enum UTCTime {
    /// `2026-11-25T03:04:05Z`
    public static func now() -> String {
        let (date, _) = parts()
        return date + "Z"
    }

    /// `2026-11-25T03:04:05.678901Z`
    public static func preciseNow() -> String {
        let (date, microseconds) = parts()
        let digits = String(microseconds)
        return date + "." + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }

    private static func parts() -> (date: String, microseconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
        return (
            String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self), Int(time.tv_nsec) / 1000
        )
    }
}
