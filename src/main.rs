//! The copybench command.
fn main() {}
