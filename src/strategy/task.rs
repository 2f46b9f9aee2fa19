use super::advance::Span;
use super::workspace::Workspace;
use std::fs::File;

/// A copy that is to be made: from an open source to a target open for reading and writing.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub source: &'a File,
    pub target: &'a File,
    pub span: Span,
    pub workspace: &'a Workspace,
}

impl<'a> Task<'a> {
    /// A copy of the whole source.
    #[must_use]
    pub fn whole(source: &'a File, target: &'a File, workspace: &'a Workspace) -> Self {
        Self { source, target, span: Span::WHOLE, workspace }
    }

    /// The same files, another range.
    pub(super) fn over(self, span: Span) -> Self {
        Self { span, ..self }
    }
}
