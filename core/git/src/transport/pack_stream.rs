//! The pack of an answer, piece by piece, with the words that accompany it.

use alloc::vec::Vec;
use core::fmt::Arguments;

use super::served::Served;
use crate::pack::{PackError, PackItem, PackSources, PackWriter, WriteOptions, WritePhase};

/// Bytes of objects that are worked through for one piece of the answer while deltas are looked for.
const SEARCH_BYTES: u64 = 2 << 20;

/// Writes objects as a pack.
pub(super) struct PackStream {
    writer: PackWriter,
    phase: Option<WritePhase>,
    objects: usize,
}

impl PackStream {
    /// Will write `objects`; deltas may stand on `bases`, which the client has.
    pub(super) fn new(objects: Vec<PackItem>, bases: Vec<PackItem>, offset_deltas: bool) -> Self {
        let options = WriteOptions { offset_deltas, ..WriteOptions::default() };
        let writer = PackWriter::new(objects, bases, options);
        Self { objects: writer.len(), writer, phase: None }
    }

    /// Appends the next piece; `true` when the pack is complete.
    pub(super) fn write(
        &mut self,
        served: &Served<'_>,
        content: impl Fn(&[u8], &mut Vec<u8>),
        progress: impl Fn(Arguments<'_>, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) -> Result<bool, PackError> {
        let sources = PackSources { objects: served.source, packs: served.packs };
        if !self.writer.step(&sources, SEARCH_BYTES)? {
            self.tell(&progress, out);
            return Ok(false);
        }
        self.tell(&progress, out);
        match self.writer.next_chunk(&sources)? {
            Some(chunk) => {
                content(&chunk, out);
                Ok(false)
            }
            None => {
                progress(format_args!("Total {}\n", self.objects), out);
                Ok(true)
            }
        }
    }

    /// Tells how far the search is, in git's words.
    fn tell(&mut self, progress: &impl Fn(Arguments<'_>, &mut Vec<u8>), out: &mut Vec<u8>) {
        let (phase, state) = self.writer.progress();
        let word = |phase| match phase {
            WritePhase::Prepare => Some("Counting objects"),
            WritePhase::Search => Some("Compressing objects"),
            _ => None,
        };
        if let Some(before) = self.phase.replace(phase).filter(|before| *before != phase).and_then(word) {
            progress(format_args!("{before}: done.\n"), out);
        }
        if let Some(word) = word(phase) {
            progress(format_args!("{word}: {}/{}\r", state.done, state.total), out);
        }
    }
}
