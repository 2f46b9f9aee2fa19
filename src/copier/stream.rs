use super::CopierError;
use super::event::Event;
use super::source::Source;
use crate::strategy::{Cause, CopyError, Span};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;

const NAME: &str = "stream";
const BUFFER: usize = 256 << 10;

/// Reads a range of the source and writes it to where the target's offset stands. One of the two has no
/// offsets.
pub(super) fn stream(
    source: &Source,
    target: &File,
    span: Span,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<u64, CopierError> {
    let mut buffer = vec![0; BUFFER];
    let mut copied = 0;
    let failed = |call, copied, errno| CopierError::Copy {
        strategy: NAME,
        cause: CopyError::call(call, copied, errno),
    };
    loop {
        let most = span.length.map_or(BUFFER as u64, |length| (length - copied).min(BUFFER as u64)) as usize;
        let read = if source.is_stream() {
            let mut read = || rustix::io::read(&source.file, &mut buffer[..most]);
            retry_on_intr(&mut read).map_err(|errno| failed("read", copied, errno))?
        } else {
            let mut read = || rustix::io::pread(&source.file, &mut buffer[..most], span.source + copied);
            retry_on_intr(&mut read).map_err(|errno| failed("pread", copied, errno))?
        };
        if read == 0 {
            break;
        }
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            let written = retry_on_intr(|| rustix::io::write(target, rest))
                .map_err(|errno| failed("write", copied, errno))?;
            if written == 0 {
                return Err(failed("write", copied, Errno::IO));
            }
            rest = &rest[written..];
            copied += written as u64;
        }
    }
    if copied > 0 {
        tell(Event::Copied { start: span.source, end: span.source + copied, by: NAME });
    }
    if source.is_stream() && span.length.is_some_and(|length| copied < length) {
        let cause = CopyError::at(copied, Cause::SourceEnded);
        return Err(CopierError::Copy { strategy: NAME, cause });
    }
    Ok(copied)
}
