// A figure as PNG, for people who need one: the SVG of `SVGRenderer`, drawn by librsvg and cairo. Both are opened
// when the first PNG is asked for and not before, so neither starting nor installing icot needs them.
//
// From librsvg 2: rsvg_handle_new_from_data, rsvg_handle_render_document, g_object_unref (through libgobject, which
// librsvg loads). From cairo 2: an ARGB32 image surface, a context scaled by the wanted factor, and
// cairo_surface_write_to_png_stream, which hands out the file in pieces.

import Glibc
import Support

/// What can go wrong when a PNG is made.
public enum PNGError: Error, Equatable, CustomStringConvertible {
    /// The libraries that draw it are not installed.
    case missingLibrary(String)
    case notDrawn(String)

    public var description: String {
        switch self {
        case .missingLibrary(let name): "\(name) was not found, which draws PNG"
        case .notDrawn(let why): "the figure could not be drawn as PNG: \(why)"
        }
    }

    /// What to do about it.
    public var help: String {
        switch self {
        case .missingLibrary: "install librsvg2-2, or write the figure as SVG"
        case .notDrawn: "write it as SVG"
        }
    }
}

/// Draws figures as PNG.
public struct PNGRenderer: Sendable {
    /// What the picture is of.
    public var svg: SVGRenderer
    /// Pixels for each pixel of the page; 2 is sharp on most screens, 3 in print.
    public var scale: Double

    public init(svg: SVGRenderer = SVGRenderer(), scale: Double = 2) {
        self.svg = svg
        self.scale = scale
    }

    /// The bytes of the file.
    ///
    /// - Throws: `missingLibrary` where librsvg or cairo is not installed, `notDrawn` for a picture too large for
    /// memory
    public func file(_ figure: Figure) throws(PNGError) -> [UInt8] {
        let library = try RasterLibrary.open()
        let drawn = svg.draw(figure)
        let scale = scale.isFinite ? min(max(scale, 0.25), 8) : 2
        return try library.png(drawn.document, width: drawn.width, height: drawn.height, scale: scale)
    }
}

/// The few functions of librsvg and cairo that a PNG needs.
private struct RasterLibrary {
    private struct Rectangle {
        var x = 0.0
        var y = 0.0
        var width: Double
        var height: Double
    }
    private typealias Write = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, CUnsignedInt) -> CInt

    private let newHandle: @convention(c) (UnsafePointer<UInt8>?, UInt, UnsafeMutableRawPointer?) -> OpaquePointer?
    private let render:
        @convention(c) (OpaquePointer?, OpaquePointer?, UnsafeRawPointer?, UnsafeMutableRawPointer?) -> CInt
    private let unreference: @convention(c) (OpaquePointer?) -> Void
    private let newSurface: @convention(c) (CInt, CInt, CInt) -> OpaquePointer?
    private let surfaceStatus: @convention(c) (OpaquePointer?) -> CInt
    private let destroySurface: @convention(c) (OpaquePointer?) -> Void
    private let newContext: @convention(c) (OpaquePointer?) -> OpaquePointer?
    private let destroyContext: @convention(c) (OpaquePointer?) -> Void
    private let setScale: @convention(c) (OpaquePointer?, Double, Double) -> Void
    private let writePNG: @convention(c) (OpaquePointer?, Write?, UnsafeMutableRawPointer?) -> CInt

    static func open() throws(PNGError) -> RasterLibrary {
        func library(_ name: String) throws(PNGError) -> DynamicLibrary {
            guard let library = DynamicLibrary(name) else { throw .missingLibrary(name) }
            return library
        }
        let rsvg = try library("librsvg-2.so.2"), cairo = try library("libcairo.so.2")
        let gobject = try library("libgobject-2.0.so.0")
        guard let library = RasterLibrary(rsvg: rsvg, cairo: cairo, gobject: gobject) else {
            throw .missingLibrary("a librsvg of 2.46 or newer")
        }
        return library
    }

    private init?(rsvg: DynamicLibrary, cairo: DynamicLibrary, gobject: DynamicLibrary) {
        guard
            let newHandle: @convention(c) (UnsafePointer<UInt8>?, UInt, UnsafeMutableRawPointer?) -> OpaquePointer? =
                rsvg.function("rsvg_handle_new_from_data"),
            let render:
                @convention(c) (OpaquePointer?, OpaquePointer?, UnsafeRawPointer?, UnsafeMutableRawPointer?) -> CInt =
                rsvg.function("rsvg_handle_render_document"),
            let unreference: @convention(c) (OpaquePointer?) -> Void = gobject.function("g_object_unref"),
            let newSurface: @convention(c) (CInt, CInt, CInt) -> OpaquePointer? = cairo.function(
                "cairo_image_surface_create"),
            let surfaceStatus: @convention(c) (OpaquePointer?) -> CInt = cairo.function("cairo_surface_status"),
            let destroySurface: @convention(c) (OpaquePointer?) -> Void = cairo.function("cairo_surface_destroy"),
            let newContext: @convention(c) (OpaquePointer?) -> OpaquePointer? = cairo.function("cairo_create"),
            let destroyContext: @convention(c) (OpaquePointer?) -> Void = cairo.function("cairo_destroy"),
            let setScale: @convention(c) (OpaquePointer?, Double, Double) -> Void = cairo.function("cairo_scale"),
            let writePNG: @convention(c) (OpaquePointer?, Write?, UnsafeMutableRawPointer?) -> CInt = cairo.function(
                "cairo_surface_write_to_png_stream")
        else { return nil }
        self.newHandle = newHandle
        self.render = render
        self.unreference = unreference
        self.newSurface = newSurface
        self.surfaceStatus = surfaceStatus
        self.destroySurface = destroySurface
        self.newContext = newContext
        self.destroyContext = destroyContext
        self.setScale = setScale
        self.writePNG = writePNG
    }

    func png(
        _ document: String, width pageWidth: Double, height pageHeight: Double, scale: Double
    ) throws(PNGError) -> [UInt8] {
        let bytes = Array(document.utf8)
        guard let handle = bytes.withUnsafeBufferPointer({ newHandle($0.baseAddress, UInt($0.count), nil) }) else {
            throw .notDrawn("librsvg could not read it")
        }
        defer { unreference(handle) }
        let (width, height) = ((pageWidth * scale).rounded(.up), (pageHeight * scale).rounded(.up))
        guard width <= 32_767, height <= 32_767 else {
            throw .notDrawn("it would be \(Int(width)) × \(Int(height)) pixels, more than cairo can hold")
        }
        let argb32: CInt = 0
        guard let surface = newSurface(argb32, CInt(width), CInt(height)) else { throw .notDrawn("no memory") }
        defer { destroySurface(surface) }
        guard surfaceStatus(surface) == 0, let context = newContext(surface) else {
            throw .notDrawn("no memory for \(Int(width)) × \(Int(height)) pixels")
        }
        defer { destroyContext(context) }
        setScale(context, scale, scale)
        var viewport = Rectangle(width: pageWidth, height: pageHeight)
        guard render(handle, context, &viewport, nil) != 0 else { throw .notDrawn("librsvg refused it") }
        var file: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &file) { file in
            writePNG(
                surface,
                { closure, data, count in
                    closure?.assumingMemoryBound(to: [UInt8].self).pointee.append(
                        contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
                    return 0
                }, file)
        }
        guard status == 0 else { throw .notDrawn("cairo status \(status)") }
        return file
    }
}
