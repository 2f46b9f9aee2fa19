//! The explanation for a reader at a terminal.

use super::explanation::{Explanation, Held, Mapping};
use crate::units::duration;
use crate::units::format_size;
use std::fmt::Write;

/// Columns of a line of prose.
const WIDTH: usize = 100;

/// The explanation as text, told in the order in which a copy happens.
pub fn text(found: &Explanation) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{}: {}", found.strategy, found.summary);
    let _ = writeln!(
        page,
        "One copy of a {} file of {} on {}, to a new file; the source is in the page cache.",
        found.layout,
        format_size(found.size),
        found.fs
    );
    set_up(&mut page, found);
    calls(&mut page, found);
    faults(&mut page, found);
    mappings(&mut page, found);
    memory(&mut page, found);
    page_cache(&mut page, found);
    extents(&mut page, found);
    heading(&mut page, "Where the time goes");
    prose(&mut page, &found.account);
    page
}

fn set_up(page: &mut String, found: &Explanation) {
    heading(page, "Set-up, which only the first of several copies pays for");
    let calls: Vec<_> =
        found.set_up.calls.iter().map(|total| format!("{} {}", total.calls, total.name)).collect();
    let time = duration(found.set_up.elapsed_ns as f64);
    let text = match (calls.is_empty(), found.set_up.elapsed_ns) {
        (true, 0) => "none".to_owned(),
        (true, _) => format!("about {time}, without a further system call"),
        (false, _) => format!("about {time}: {}", calls.join(", ")),
    };
    prose(page, &text);
}

fn calls(page: &mut String, found: &Explanation) {
    heading(page, "System calls");
    if let Some(reason) = &found.calls.refused {
        prose(page, reason);
    }
    if found.calls.totals.is_empty() {
        return;
    }
    let width = found.calls.totals.iter().map(|total| total.name.len()).max().unwrap_or(0);
    for total in &found.calls.totals {
        let bytes = total.bytes.map_or(String::new(), |bytes| format!("{bytes:>14} bytes"));
        let errors = if total.errors > 0 { format!("  ({} failed)", total.errors) } else { String::new() };
        let line = format!("  {:width$}{:>8}{bytes}{errors}", total.name, total.calls);
        let _ = writeln!(page, "{}", line.trim_end());
    }
}

fn faults(page: &mut String, found: &Explanation) {
    heading(page, "Page faults");
    let faults = found.faults;
    let _ = writeln!(page, "  {:>8} served from memory (minor)", faults.minor);
    let _ = writeln!(page, "  {:>8} waited for the device (major)", faults.major);
    if let (Some(pages), Some(each)) = (faults.pages_mapped, faults.pages_per_fault) {
        let _ = writeln!(page, "  {pages:>8} pages mapped, {each:.1} around each fault");
    }
}

fn mappings(page: &mut String, found: &Explanation) {
    heading(page, "Mappings, each as it was right before it went");
    if let Some(reason) = &found.mappings.refused {
        return prose(page, reason);
    }
    if found.mappings.live.is_empty() {
        return prose(page, "none");
    }
    for mapping in &found.mappings.live {
        mapping_lines(page, mapping);
    }
    if found.mappings.left_out > 0 {
        let _ = writeln!(page, "  and {} more, unmapped later", found.mappings.left_out);
    }
}

fn mapping_lines(page: &mut String, mapping: &Mapping) {
    let _ = writeln!(page, "  {}", mapping.line.split_whitespace().collect::<Vec<_>>().join(" "));
    for field in &mapping.fields {
        let _ = writeln!(page, "    {:<9} {}  ({})", field.name, field.value, field.meaning);
    }
    let usage = mapping.memory;
    let figures = [
        ("Rss", usage.rss),
        ("Pss", usage.pss),
        ("Dirty", usage.dirty()),
        ("Anonymous", usage.anonymous),
        ("FilePmdMapped", usage.file_huge),
    ];
    let figures: Vec<_> = figures.iter().map(|(name, bytes)| format!("{name} {} kB", bytes >> 10)).collect();
    let _ = writeln!(page, "    smaps     {}", figures.join(", "));
}

fn memory(page: &mut String, found: &Explanation) {
    heading(page, "Memory beside the page cache");
    match (found.memory.peak_private_bytes, &found.memory.refused) {
        (Some(bytes), _) => {
            let _ = writeln!(page, "  {} kB at the peak", bytes >> 10);
        }
        (None, Some(reason)) => prose(page, &format!("not known: {reason}")),
        (None, None) => {}
    }
}

fn page_cache(page: &mut String, found: &Explanation) {
    heading(page, "Page cache");
    let line = |when, held: Held| {
        let dirty = held
            .target_dirty
            .map_or(String::new(), |bytes| format!(", {} kB of it to be written", bytes >> 10));
        let kilobytes =
            |bytes: Option<u64>| bytes.map_or("unknown".to_owned(), |bytes| format!("{} kB", bytes >> 10));
        format!("  {when}  source {}, target {}{dirty}", kilobytes(held.source), kilobytes(held.target))
    };
    let _ = writeln!(page, "{}", line("before", found.page_cache.before));
    let _ = writeln!(page, "{}", line("after ", found.page_cache.after));
}

fn extents(page: &mut String, found: &Explanation) {
    heading(page, "Extents of the target");
    let told =
        |bytes: Option<u64>| bytes.map_or("not told".to_owned(), |bytes| format!("{} kB", bytes >> 10));
    let _ = writeln!(
        page,
        "  allocated {}, shared with the source {}",
        told(found.extents.allocated_bytes),
        told(found.extents.shared_bytes)
    );
}

fn heading(page: &mut String, title: &str) {
    let _ = writeln!(page, "\n{title}");
}

fn prose(page: &mut String, text: &str) {
    let mut length = WIDTH;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if length + 1 + letters > WIDTH {
            let start = page.is_empty() || page.ends_with('\n');
            page.push_str(if start { "  " } else { "\n  " });
            length = 2;
        } else {
            page.push(' ');
            length += 1;
        }
        page.push_str(word);
        length += letters;
    }
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_indented() {
        let mut page = String::new();
        prose(&mut page, &"word ".repeat(40));
        assert!(page.lines().all(|line| line.starts_with("  word") && line.len() <= WIDTH), "{page}");
        assert_eq!(page.lines().count(), 3);
    }
}
