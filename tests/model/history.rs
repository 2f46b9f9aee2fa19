//! What may happen to the two files, and how it is drawn.

use crate::edit::{Change, Edit, Side};
use copybench::strategy::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// Strategies that copy in one history, each a different one.
const COPIES: usize = 6;

/// Edits, then copies with edits between them.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub edits: Vec<Edit>,
    pub copies: Vec<Copy>,
}

/// A copy from the source to the target.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    /// Made just before, so that the copy meets dirty pages of every kind.
    pub edits: Vec<Edit>,
    /// Number among the strategies that work here.
    pub strategy: usize,
    pub span: Span,
}

/// Histories of small files; one in ten of files with several of the largest blocks.
pub(crate) fn histories(strategies: usize) -> impl Strategy<Value = History> {
    prop_oneof![9 => Just(320 << 10), 1 => Just(3 << 20)].prop_flat_map(move |most: u64| {
        let chosen = subsequence((0..strategies).collect::<Vec<_>>(), COPIES.min(strategies)).prop_shuffle();
        let history = (vec(edit(most), 0..16), chosen, vec((vec(edit(most), 0..3), span(most)), COPIES));
        history.prop_map(|(edits, chosen, copies)| {
            let copies = chosen.into_iter().zip(copies);
            let copies = copies.map(|(strategy, (edits, span))| Copy { edits, strategy, span });
            History { edits, copies: copies.collect() }
        })
    })
}

/// An offset or a length: anything, whole pages, or next to a whole page.
fn offset(most: u64) -> impl Strategy<Value = u64> {
    let pages = 0..most / 4096;
    prop_oneof![
        0..most,
        pages.clone().prop_map(|page| page * 4096),
        pages.prop_map(|page| page * 4096 + 1),
        (1..=most / 4096).prop_map(|page| page * 4096 - 1),
    ]
}

fn edit(most: u64) -> impl Strategy<Value = Edit> {
    let side = prop_oneof![3 => Just(Side::Source), 2 => Just(Side::Target)];
    let change = prop_oneof![
        4 => any::<u8>().prop_map(Change::Write),
        3 => any::<u8>().prop_map(Change::Store),
        2 => Just(Change::Punch),
        2 => Just(Change::Cut),
        2 => any::<bool>().prop_map(|keep_size| Change::Allocate { keep_size }),
    ];
    (side, offset(most), offset(most / 2), change).prop_map(|(side, at, length, change)| Edit {
        side,
        at,
        length,
        change,
    })
}

/// One in four is the whole file.
fn span(most: u64) -> impl Strategy<Value = Span> {
    let length = proptest::option::weighted(0.8, offset(most));
    let range = (offset(most), offset(most), length);
    let range = range.prop_map(|(source, target, length)| Span { source, target, length });
    prop_oneof![1 => Just(Span::WHOLE), 3 => range]
}
