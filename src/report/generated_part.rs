//! Generated parts of documents, between two markers that name the part and, where it matters, what it is
//! made from.

/// A document without the markers of a part.
#[derive(Debug, thiserror::Error)]
#[error(
    "no part {0:?}: the markers are `<!-- begin {0}: … -->` and `<!-- end {0} -->`, or `<!-- {0} -->` and `<!-- /{0} -->`"
)]
pub struct NoPart(String);

/// `document` with the lines between the markers of `part` replaced by `content`.
///
/// # Errors
/// Where a marker is missing.
pub fn replace(document: &str, part: &str, content: &str) -> Result<String, NoPart> {
    let (start, end) = bounds(document, part).ok_or_else(|| NoPart(part.to_owned()))?;
    Ok(format!("{}\n{}\n{}", &document[..start], content.trim_end(), &document[end..]))
}

/// What stands behind the name of a part in its first marker.
#[must_use]
pub fn command<'a>(document: &'a str, part: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<!-- begin {part}: "))?;
    rest.split_once(" -->").map(|(command, _)| command)
}

/// Where the first marker's line ends and the last marker begins.
fn bounds(document: &str, part: &str) -> Option<(usize, usize)> {
    let markers = [
        (format!("<!-- begin {part}: "), format!("<!-- end {part} -->")),
        (format!("<!-- {part} -->"), format!("<!-- /{part} -->")),
    ];
    markers.iter().find_map(|(first, last)| {
        let begin = document.find(first)?;
        let start = begin + document[begin..].find('\n')?;
        let end = start + document[start..].find(last)?;
        Some((start, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "a\n<!-- begin x: copybench docs -->\nold\n<!-- end x -->\nb\n";

    #[test]
    fn what_stands_between_the_markers_is_replaced() {
        let new = replace(DOCUMENT, "x", "new\nlines\n").unwrap();
        assert_eq!(new, "a\n<!-- begin x: copybench docs -->\nnew\nlines\n<!-- end x -->\nb\n");
        assert_eq!(replace(&new, "x", "new\nlines\n").unwrap(), new);
        assert_eq!(command(DOCUMENT, "x"), Some("copybench docs"));
    }

    #[test]
    fn short_markers_do_for_a_part_that_names_no_source() {
        let new = replace("<!-- x -->\nold\n<!-- /x -->\n", "x", "new").unwrap();
        assert_eq!(new, "<!-- x -->\nnew\n<!-- /x -->\n");
    }

    #[test]
    fn a_missing_marker_is_named() {
        assert!(replace(DOCUMENT, "y", "").unwrap_err().to_string().contains("begin y"));
    }
}
