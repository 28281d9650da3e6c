// A figure as PNG or PDF, for people who need one: the SVG of `SVGRenderer`, drawn by librsvg and cairo. Both are
// opened when the first one is asked for and not before, so neither starting nor installing icot needs them.
//
// From librsvg 2: rsvg_handle_new_from_data, rsvg_handle_render_document, g_object_unref (through libgobject, which
// librsvg loads). From cairo 2: an ARGB32 image surface with a context scaled by the wanted factor and
// cairo_surface_write_to_png_stream, or cairo_pdf_surface_create_for_stream; both hand out the file in pieces.

import Glibc
import Support

/// What can go wrong when a picture is made.
public enum PictureError: Error, Equatable, CustomStringConvertible {
    /// The libraries that draw it are not installed.
    case missingLibrary(String)
    case notDrawn(String)

    public var description: String {
        switch self {
        case .missingLibrary(let name): "\(name) was not found, which draws PNG and PDF"
        case .notDrawn(let why): "the figure could not be drawn: \(why)"
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

/// Draws figures as PNG and PDF.
public struct PictureRenderer: Sendable {
    /// What the picture is of.
    public var svg: SVGRenderer
    /// Pixels for each pixel of the page; 2 is sharp on most screens, 3 in print.
    public var scale: Double

    public init(svg: SVGRenderer = SVGRenderer(), scale: Double = 2) {
        self.svg = svg
        self.scale = scale
    }

    /// The bytes of a PDF of one page, as large as the picture, a pixel of the page to a point.
    /// - Throws: as `png`.
    public func pdf(_ figure: Figure) throws(PictureError) -> [UInt8] {
        let library = try RasterLibrary.open()
        let drawn = svg.draw(figure)
        return try library.pdf(drawn.document, width: drawn.width, height: drawn.height)
    }

    /// The bytes of a PNG.
    /// - Throws: `missingLibrary` where librsvg or cairo is not installed, `notDrawn` for a picture too large for memory.
    public func png(_ figure: Figure) throws(PictureError) -> [UInt8] {
        let library = try RasterLibrary.open()
        let drawn = svg.draw(figure)
        let scale = scale.isFinite ? min(max(scale, 0.25), 8) : 2
        return try library.png(drawn.document, width: drawn.width, height: drawn.height, scale: scale)
    }
}

/// The few functions of librsvg and cairo that a picture needs.
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
    private let newPDF: @convention(c) (Write?, UnsafeMutableRawPointer?, Double, Double) -> OpaquePointer?
    private let finishSurface: @convention(c) (OpaquePointer?) -> Void

    static func open() throws(PictureError) -> RasterLibrary {
        func library(_ name: String) throws(PictureError) -> DynamicLibrary {
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
                "cairo_surface_write_to_png_stream"),
            let newPDF: @convention(c) (Write?, UnsafeMutableRawPointer?, Double, Double) -> OpaquePointer? =
                cairo.function("cairo_pdf_surface_create_for_stream"),
            let finishSurface: @convention(c) (OpaquePointer?) -> Void = cairo.function("cairo_surface_finish")
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
        self.newPDF = newPDF
        self.finishSurface = finishSurface
    }

    /// Takes a piece of the file; the closure is the array that it belongs to.
    private static let append: Write = { closure, data, count in
        closure?.assumingMemoryBound(to: [UInt8].self).pointee.append(
            contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
        return 0
    }

    /// Lets librsvg draw the document on a surface, a pixel of the page to `scale` of the surface's units.
    private func draw(
        _ document: String, on surface: OpaquePointer, width: Double, height: Double, scale: Double
    ) throws(PictureError) {
        let bytes = Array(document.utf8)
        guard let handle = bytes.withUnsafeBufferPointer({ newHandle($0.baseAddress, UInt($0.count), nil) }) else {
            throw .notDrawn("librsvg could not read it")
        }
        defer { unreference(handle) }
        guard surfaceStatus(surface) == 0, let context = newContext(surface) else {
            throw .notDrawn("no memory for a picture of \(Int(width)) × \(Int(height))")
        }
        defer { destroyContext(context) }
        setScale(context, scale, scale)
        var viewport = Rectangle(width: width, height: height)
        guard render(handle, context, &viewport, nil) != 0 else { throw .notDrawn("librsvg refused it") }
    }

    func pdf(_ document: String, width: Double, height: Double) throws(PictureError) -> [UInt8] {
        // It outlives the surface, which hands out pieces until it is finished.
        let file = UnsafeMutablePointer<[UInt8]>.allocate(capacity: 1)
        file.initialize(to: [])
        defer {
            file.deinitialize(count: 1)
            file.deallocate()
        }
        guard let surface = newPDF(Self.append, file, width, height) else { throw .notDrawn("no memory") }
        defer { destroySurface(surface) }
        try draw(document, on: surface, width: width, height: height, scale: 1)
        finishSurface(surface)
        let status = surfaceStatus(surface)
        guard status == 0 else { throw .notDrawn("cairo status \(status)") }
        return file.pointee
    }

    func png(
        _ document: String, width pageWidth: Double, height pageHeight: Double, scale: Double
    ) throws(PictureError) -> [UInt8] {
        let (width, height) = ((pageWidth * scale).rounded(.up), (pageHeight * scale).rounded(.up))
        guard width <= 32_767, height <= 32_767 else {
            throw .notDrawn("it would be \(Int(width)) × \(Int(height)) pixels, more than cairo can hold")
        }
        let argb32: CInt = 0
        guard let surface = newSurface(argb32, CInt(width), CInt(height)) else { throw .notDrawn("no memory") }
        defer { destroySurface(surface) }
        try draw(document, on: surface, width: pageWidth, height: pageHeight, scale: scale)
        var file: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &file) { writePNG(surface, Self.append, $0) }
        guard status == 0 else { throw .notDrawn("cairo status \(status)") }
        return file
    }
}
