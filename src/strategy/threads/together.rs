use rayon_core::ThreadPool;

/// Does `work` with each of `parts` at once, with the first one in the calling thread.
pub(super) fn together<P: Send, R: Send>(
    threads: &ThreadPool,
    parts: Vec<P>,
    work: impl Fn(P) -> R + Sync,
) -> Vec<R> {
    let mut outcomes: Vec<Option<R>> = parts.iter().map(|_| None).collect();
    let work = &work;
    threads.in_place_scope(|scope| {
        let mut pairs = parts.into_iter().zip(&mut outcomes);
        let own = pairs.next();
        for (part, outcome) in pairs {
            scope.spawn(move |_| *outcome = Some(work(part)));
        }
        if let Some((part, outcome)) = own {
            *outcome = Some(work(part));
        }
    });
    outcomes.into_iter().flatten().collect()
}
