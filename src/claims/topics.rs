//! The tables of claims, one file a subject.

mod elsewhere;
mod inside_the_kernel;
mod kernels;
mod mapping;
mod out_of_cache;
mod page_cache;
mod reading;
mod sharing;
mod words;
mod workshop;

use super::claim::Claim;

/// Every table, in the order of all lists.
pub(super) static TOPICS: &[&[Claim]] = &[
    workshop::CLAIMS,
    mapping::CLAIMS,
    inside_the_kernel::CLAIMS,
    sharing::CLAIMS,
    page_cache::CLAIMS,
    reading::CLAIMS,
    out_of_cache::CLAIMS,
    kernels::CLAIMS,
    elsewhere::CLAIMS,
];
