use crate::record::CellLine;
use crate::units::format_size;

/// The conditions in words.
#[must_use]
pub fn heading(cell: &CellLine) -> String {
    let between = if cell.fs.source == cell.fs.target {
        cell.fs.source.clone()
    } else {
        format!("{} to {}", cell.fs.source, cell.fs.target)
    };
    let size = format_size(cell.size);
    let setup = cell.unusual_setup().map(|setup| format!(", set-up {setup}")).unwrap_or_default();
    let durability = if cell.end == "none" { "not synced" } else { &cell.end };
    format!("{between}, {} {size}, {}, target {}, {durability}{setup}", cell.layout, cell.cache, cell.dst)
}
