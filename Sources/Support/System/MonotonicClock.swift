import Glibc

/// Time that only goes forward, for measuring how long something takes.
public enum MonotonicClock {
    /// Seconds since some moment before the program started.
    public static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Lets some time pass, a second at most; look at an `Interrupt` in between.
    public static func sleep(_ seconds: Double) {
        usleep(useconds_t(min(max(seconds, 0), 1) * 1e6))
    }
}
