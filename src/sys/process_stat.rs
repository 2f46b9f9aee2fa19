//! `proc_pid_stat(5)`.

/// A field behind the second, by its number in the man page. The second is the name in parentheses, which
/// may itself hold blanks and parentheses.
pub fn field(stat: &str, number: usize) -> Option<&str> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number.checked_sub(3)?)
}
