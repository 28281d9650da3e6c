import Synchronization
import Tensors

/// What executors of one device know of the memory that they gave out, and its twins.
///
/// A twin is a copy in bfloat16 of a storage, number for number, which products read in its place. It is made when
/// first asked for, and has two kinds of use:
///   · Of weights the whole twin is kept: `AdamW` writes it beside them, and whatever else changes them makes it
///     stale, to be rounded anew when it is read next.
///   · Of what a pass computes only a part is valid, the one that a kernel has just written beside its result
///     (`fresh`), for the operation that comes next. What it reads itself it may read again on the way back, because a
///     recorded pass writes no place twice.
final class DeviceMemory: Sendable {
    private struct Piece {
        let count: Int
        var twin: DeviceAddress?
        /// Whether all of the twin is as the storage is.
        var isCurrent = false
    }

    private struct State {
        var pieces: [StorageID: Piece] = [:]
        var fresh: Place?
    }

    private let device: any Device
    private let state = Mutex(State())

    init(_ device: any Device) { self.device = device }

    // MARK: Storages

    func allocate(_ count: Int) throws(DeviceFault) -> Storage {
        let address = try device.allocate(bytes: 4 * count)
        let id = StorageID(address.bits)
        state.withLock { $0.pieces[id] = Piece(count: count) }
        return Storage(id, count: count, isZeroed: false)
    }

    func free(_ storage: StorageID) {
        let piece = state.withLock { $0.pieces.removeValue(forKey: storage) }
        if let twin = piece?.twin { device.free(twin) }
        device.free(DeviceAddress(storage.bits))
    }

    /// Whether a storage has so many numbers from this place on.
    func has(_ count: Int, from place: Place) -> Bool {
        state.withLock { place.offset + count <= $0.pieces[place.storage]?.count ?? 0 }
    }

    // MARK: Twins

    /// Where the twin of a place lies, whatever is there.
    func twin(_ place: Place) throws(DeviceFault) -> DeviceAddress {
        let (known, count) = state.withLock { ($0.pieces[place.storage]?.twin, $0.pieces[place.storage]?.count ?? 0) }
        if let known { return known.advanced(bytes: 2 * place.offset) }
        let made = try device.allocate(bytes: 2 * count)
        // Another thread may have been faster.
        let twin = state.withLock { state in
            if state.pieces[place.storage]?.twin == nil { state.pieces[place.storage]?.twin = made }
            return state.pieces[place.storage]?.twin ?? made
        }
        if twin != made { device.free(made) }
        return twin.advanced(bytes: 2 * place.offset)
    }

    /// Whether a storage has a twin that is as it is.
    func isCurrent(_ storage: StorageID) -> Bool { state.withLock { $0.pieces[storage]?.isCurrent ?? false } }

    /// Notes that the twin of the whole storage has been written.
    func noteCurrent(_ storage: StorageID) { state.withLock { $0.pieces[storage]?.isCurrent = true } }

    /// All of a storage.
    func whole(_ storage: StorageID) -> Place {
        Place(storage, offset: 0, count: state.withLock { $0.pieces[storage]?.count ?? 0 })
    }

    /// Notes that something was written there from outside of a pass.
    func change(_ place: Place) {
        state.withLock { state in
            state.pieces[place.storage]?.isCurrent = false
            state.fresh = nil
        }
    }

    /// The place of which the last kernel wrote the twin too; nil where it did not.
    var fresh: Place? {
        get { state.withLock { $0.fresh } }
        set { state.withLock { $0.fresh = newValue } }
    }
}
