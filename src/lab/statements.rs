//! The statements, in the order of the text.

mod address;
mod anonymous;
mod cost;
mod exercise;
mod length;
mod offset;
mod private;
mod protection;
mod shared;
mod unmap;

use super::statement::Statement;

/// W1 to W14.
pub static STATEMENTS: &[&Statement] = &[
    &shared::TWO_PROCESSES,
    &cost::CALLS,
    &cost::MEMORY,
    &length::LENGTH,
    &offset::OFFSET,
    &address::ADDRESS,
    &protection::PROTECTION,
    &shared::SHARED,
    &private::PRIVATE,
    &anonymous::ANONYMOUS,
    &unmap::UNMAPPED,
    &unmap::RANGE,
    &exercise::PROGRAM,
    &exercise::MAPS_LINE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_complete_and_in_order() {
        for (index, statement) in STATEMENTS.iter().enumerate() {
            assert_eq!(statement.id, format!("W{}", index + 1));
            for text in [statement.text, statement.c, statement.rust] {
                assert!(!text.is_empty() && text.trim() == text, "{}", statement.id);
            }
            assert!(statement.text.ends_with('.'), "{}", statement.id);
        }
        assert_eq!(STATEMENTS.len(), 14);
    }
}
