//! Columns, aligned by what a terminal shows.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::style::{QUIET, one_line, styled};

/// A cell: its text and how it looks.
pub(crate) type Cell = (String, Style);

/// Rows under quiet headings; columns two spaces apart, the last one as wide as it likes.
pub(crate) fn table(headings: &[&str], rows: &[Vec<Cell>]) -> String {
    let headings: Vec<Cell> = headings.iter().map(|heading| ((*heading).to_owned(), QUIET)).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(&headings)
        .chain(rows)
        .map(|row| row.iter().map(|(text, style)| (one_line(text), *style)).collect())
        .collect();
    let columns = headings.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| text.width()).max().unwrap_or(0))
        .collect();
    let mut lines = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (text, style)) in row.iter().enumerate() {
            line.push_str(&styled(text, *style));
            if column + 1 < columns {
                line.push_str(&" ".repeat(widths.get(column).copied().unwrap_or(0) + 2 - text.width()));
            }
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// Names with their values, one under the other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    fields
        .iter()
        .map(|(name, value)| {
            let padding = " ".repeat(width + 2 - name.width());
            format!("{}{padding}{value}\n", styled(name, QUIET))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_width_not_by_bytes() {
        let plain = Style::new();
        let row = |a: &str, b: &str| vec![(a.to_owned(), plain), (b.to_owned(), plain)];
        let text = table(&["who", "what"], &[row("Zoë", "a"), row("李明", "b"), row("x\ny", "c")]);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(text, "who   what\nZoë   a\n李明  b\nx y   c\n");
    }
}
