// A figure as data: what is to be seen, in the units of the data, with nothing said about pixels or columns. The same
// value is drawn for a terminal (`TerminalRenderer`), as SVG (`SVGRenderer`) and as PNG or PDF (`PictureRenderer`).
//
// Nothing in a figure can make a renderer fail: values that are not finite are gaps, lists of unequal length are used
// as far as the shorter one goes, and a figure without anything to draw says so in one line.

/// One picture: a title over one panel, or over a grid of panels that share series and legend.
public struct Figure: Sendable, Equatable {
    public var title: String
    public var subtitle: String
    /// One panel, or the small multiples of a grid, row by row.
    public var panels: [Panel]
    /// Panels side by side in the grid; fewer where there is no room. Nil lets the renderer choose.
    public var columns: Int?
    /// Whether panels whose axes (or colours) measure the same share one scale, so that they can be compared by eye.
    public var sharesScales: Bool

    /// A figure of one panel.
    public init(
        title: String = "", subtitle: String = "", x: Axis = Axis(), y: Axis = Axis(), marks: [Mark]
    ) {
        self.init(title: title, subtitle: subtitle, panels: [Panel(x: x, y: y, marks: marks)])
    }

    /// Small multiples: `panels` in a grid of `columns`.
    public init(
        title: String = "", subtitle: String = "", panels: [Panel], columns: Int? = nil, sharesScales: Bool = true
    ) {
        self.title = title
        self.subtitle = subtitle
        self.panels = panels
        self.columns = columns
        self.sharesScales = sharesScales
    }
}

/// One pair of axes and what is drawn between them, from back to front.
public struct Panel: Sendable, Equatable {
    /// What tells this panel from its neighbours, `layer 3`; not needed in a figure of one panel.
    public var title: String
    public var x: Axis
    public var y: Axis
    public var marks: [Mark]

    public init(title: String = "", x: Axis = Axis(), y: Axis = Axis(), marks: [Mark]) {
        self.title = title
        self.x = x
        self.y = y
        self.marks = marks
    }
}

/// What one axis measures and how it is divided.
public struct Axis: Sendable, Equatable {
    /// How values are spread along an axis; on a logarithmic one, values that are not positive are gaps.
    public enum Scale: Sendable, Equatable { case linear, log }

    public var label: String
    /// Written in brackets after the label: `time (s)`.
    public var unit: String
    public var scale: Scale
    /// Ends of the axis; nil takes those of the data. What lies outside is cut off.
    public var limits: ClosedRange<Double>?
    /// Names in place of numbers: the first stands at 0, the next at 1, and so on.
    public var categories: [String]

    public init(
        _ label: String = "", unit: String = "", scale: Scale = .linear, limits: ClosedRange<Double>? = nil,
        categories: [String] = []
    ) {
        self.label = label
        self.unit = unit
        self.scale = scale
        self.limits = limits
        self.categories = categories
    }

    /// Label and unit as they are printed.
    var caption: String {
        let label = Label.neutral(label)
        let unit = Label.neutral(unit)
        if unit.isEmpty { return label }
        return label.isEmpty ? unit : "\(label) (\(unit))"
    }
}
