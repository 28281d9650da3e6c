// What can be drawn between two axes.

/// One layer of a panel. Layers with the same name are one series: one colour, one dash, one entry of the legend.
public enum Mark: Sendable, Equatable {
    /// Points joined by lines, in the order given; a value that is not finite interrupts the line.
    case line(Series)
    /// Points on their own.
    case points(Series)
    /// Bars from zero, side by side where several series share an x.
    case bars(Series)
    /// How often values fall into bins; several histograms of a panel share their bins.
    case histogram(Sample)
    /// Cells coloured by value; a panel that has one shows nothing else.
    case heatMap(HeatMap)
    /// A line across the panel at one value: a baseline, a threshold, a moment.
    case reference(Reference)
    /// The area between two lines: an interval that accompanies a line.
    case band(Intervals)
    /// A vertical bar from low to high at every x.
    case errorBars(Intervals)
    /// Words beside a point.
    case text(Annotation)
}

/// Values over x, with the name that the legend shows; an unnamed series has no entry there.
public struct Series: Sendable, Equatable {
    public var name: String
    public var x: [Double]
    public var y: [Double]

    public init(_ name: String = "", x: [Double], y: [Double]) {
        self.name = name
        self.x = x
        self.y = y
    }

    /// Values at 0, 1, 2, …
    public init(_ name: String = "", y: [Double]) {
        self.init(name, x: y.indices.map(Double.init), y: y)
    }
}

/// Values whose distribution is shown.
public struct Sample: Sendable, Equatable {
    public var name: String
    public var values: [Double]
    /// About how many bins to make; their edges are round numbers. Nil chooses by the number of values.
    public var bins: Int?

    public init(_ name: String = "", values: [Double], bins: Int? = nil) {
        self.name = name
        self.values = values
        self.bins = bins
    }
}

/// From low to high at every x.
public struct Intervals: Sendable, Equatable {
    public var name: String
    public var x: [Double]
    public var low: [Double]
    public var high: [Double]

    public init(_ name: String = "", x: [Double], low: [Double], high: [Double]) {
        self.name = name
        self.x = x
        self.low = low
        self.high = high
    }
}

/// A line across a panel.
public struct Reference: Sendable, Equatable {
    public enum Direction: Sendable, Equatable { case horizontal, vertical }

    public var direction: Direction
    /// Where it crosses the other axis.
    public var value: Double
    public var label: String

    public init(_ direction: Direction, at value: Double, label: String = "") {
        self.direction = direction
        self.value = value
        self.label = label
    }
}

/// Words beside a point of the data.
public struct Annotation: Sendable, Equatable {
    public var text: String
    public var x: Double
    public var y: Double

    public init(_ text: String, x: Double, y: Double) {
        self.text = text
        self.x = x
        self.y = y
    }
}

/// A matrix of values shown as colours; row 0 is on top, column 0 on the left. Names of rows and columns are the
/// categories of the panel's axes.
public struct HeatMap: Sendable, Equatable {
    /// How values become colours.
    public enum ColourMap: Sendable, Equatable {
        /// From little to much, light to dark.
        case sequential
        /// Below and above `center`, light where the value is near it.
        case diverging(center: Double)
    }

    /// Row by row; a value that is not finite is an empty cell.
    public private(set) var values: [Double]
    public private(set) var rows: Int
    public private(set) var columns: Int
    /// What the colour measures.
    public var label: String
    public var unit: String
    public var map: ColourMap
    /// Values of the ends of the colour scale; nil takes those of the data.
    public var limits: ClosedRange<Double>?

    /// A matrix given as its rows; short rows are filled up with empty cells.
    public init(
        _ rows: [[Double]], label: String = "", unit: String = "", map: ColourMap = .sequential,
        limits: ClosedRange<Double>? = nil
    ) {
        let width = rows.map(\.count).max() ?? 0
        self.rows = rows.count
        columns = width
        values = rows.flatMap { $0 + Array(repeating: .nan, count: width - $0.count) }
        self.label = label
        self.unit = unit
        self.map = map
        self.limits = limits
    }

    /// The value of one cell, NaN outside.
    public subscript(row: Int, column: Int) -> Double {
        guard row >= 0, row < rows, column >= 0, column < columns else { return .nan }
        return values[row * columns + column]
    }

    var caption: String { Axis(label, unit: unit).caption }
}
