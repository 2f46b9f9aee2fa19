use super::advance::Span;
use super::error::{CopyError, During};
use super::workspace::Workspace;
use rustix::fs::SeekFrom;
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
    pub fn whole(source: &'a File, target: &'a File, workspace: &'a Workspace) -> Self {
        Self { source, target, span: Span::WHOLE, workspace }
    }

    /// The same files, another range.
    pub(super) fn over(self, span: Span) -> Self {
        Self { span, ..self }
    }

    /// Moves the file offsets of both files to the start of the range.
    pub(super) fn seek_both(self) -> Result<(), CopyError> {
        let seek = |file, offset| rustix::fs::seek(file, SeekFrom::Start(offset)).during("lseek");
        seek(self.source, self.span.source)
            .and_then(|_| seek(self.target, self.span.target))
            .map(drop)
            .map_err(|cause| CopyError::at(0, cause))
    }
}
