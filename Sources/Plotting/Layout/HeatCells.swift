// The cells of a heat map as a renderer can show them: a map with more rows or columns than there is room for is
// merged, and each cell then shows the strongest of those it stands for (the largest, or on a diverging scale the one
// furthest from the centre), because a single bright cell is often what the map is looked at for.

struct HeatCells {
    let rows: Int
    let columns: Int
    /// How many rows and columns of the map one cell stands for.
    let mergedRows: Int
    let mergedColumns: Int
    private let values: [Double]

    init(_ map: HeatMap, scale: HeatScale, rowsMax: Int, columnsMax: Int) {
        mergedRows = max(1, (map.rows + rowsMax - 1) / max(rowsMax, 1))
        mergedColumns = max(1, (map.columns + columnsMax - 1) / max(columnsMax, 1))
        rows = (map.rows + mergedRows - 1) / mergedRows
        columns = (map.columns + mergedColumns - 1) / mergedColumns
        guard mergedRows > 1 || mergedColumns > 1 else {
            values = map.values
            return
        }
        var merged = [Double](repeating: .nan, count: rows * columns)
        for row in 0..<map.rows {
            for column in 0..<map.columns {
                let value = map[row, column]
                let place = row / mergedRows * columns + column / mergedColumns
                if value.isFinite, merged[place].isNaN || scale.weight(value) > scale.weight(merged[place]) {
                    merged[place] = value
                }
            }
        }
        values = merged
    }

    subscript(row: Int, column: Int) -> Double { values[row * columns + column] }
    var isMerged: Bool { mergedRows > 1 || mergedColumns > 1 }

    /// What to tell the reader about merging.
    func note(_ thing: String, times: String = "×") -> String {
        "one \(thing): the strongest of \(mergedRows) \(times) \(mergedColumns)"
    }
}
