// The names over the columns of a map in a terminal: across, every few, cut, or upright, as there is room.

import Foundation
import Testing

@testable import Plotting

@Suite struct MapNameRuleTests {
    private func lines(_ columns: Int, names: [String], width: Int) -> [String] {
        let map = HeatMap([Array(repeating: 0.5, count: columns)], limits: 0...1)
        let figure = Figure(x: Axis(categories: names), marks: [.heatMap(map)])
        return TerminalRenderer(width: width, glyphs: .block, colour: false).text(figure)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The lines between the one row of a map and the empty line before its key.
    private func header(_ columns: Int, names: [String] = [], width: Int) -> [String] {
        Array(lines(columns, names: names, width: width).dropFirst().prefix { !$0.isEmpty })
    }

    @Test func `numbers of columns are all there while they fit, else every second, fifth or tenth`() {
        // The row is called 0, and a column is left between its name and the cells.
        #expect(header(4, width: 20) == ["  0 1 2 3"])
        // Thirty cells of two columns: two digits have no room beside each other.
        let second = (0..<15).map { String(2 * $0).padding(toLength: 4, withPad: " ", startingAt: 0) }.joined()
        #expect(header(30, width: 64) == [("  " + second).trimmingSuffix()])
        // Seventy cells of one column: three columns for two digits, so every fifth has its number.
        let fifth = (0..<14).map { String(5 * $0).padding(toLength: 5, withPad: " ", startingAt: 0) }.joined()
        #expect(header(70, width: 72) == [("  " + fifth).trimmingSuffix()])
    }

    @Test func `numbers of merged columns are those of the first that each stands for`() {
        // 140 columns in 78: two to a cell, so the fifth cell begins at column 10.
        let found = header(140, width: 80)
        #expect(found.first?.hasPrefix("  0    10   20   30   40 ") == true, "\(found)")
        #expect(found.count == 1)
    }

    @Test func `names that are too long for their cells stand upright, ten letters at most`() {
        let names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa-and-more"]
        let found = header(10, names: names, width: 24)
        #expect(found.count == 10)
        #expect(found.first == "  a b g d e z e t i k" && found.dropFirst().first == "  l e a e p e t h o a")
        // The ninth letter is the last that is seen, and a name of seven has nothing there.
        #expect(found.last?.trimmingPrefix { $0 == " " } == "…")
    }

    @Test func `a few long names are cut where the cells have four columns or more`() {
        let names = ["a", "b", "c", "a long name"]
        #expect(header(4, names: names, width: 22) == ["  a    b    c    a l…"])
    }

    @Test func `columns without a name have no line for them`() {
        // The map, an empty line and the key; or the names beside them.
        #expect(lines(3, names: [""], width: 40).count == 3 && lines(3, names: ["x"], width: 40).count == 4)
        #expect(header(3, names: ["x"], width: 40) == ["  x"])
    }
}

extension String {
    /// Without spaces at its end.
    fileprivate func trimmingSuffix() -> String { String(reversed().drop { $0 == " " }.reversed()) }
}
