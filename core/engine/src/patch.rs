//! Patches as text, staged in a reality: all of it or nothing.

use alloc::vec::Vec;

use govc_git::edit::{PathEdit, edit_tree};
use govc_git::merge::text::{TextOptions, merge_text};
use govc_git::patch::{ApplyOptions, apply_patch};
use govc_git::refs::RefName;
use govc_git::store::Overlay;
use govc_git::{Kind, ObjectSink};

use crate::Repository;
use crate::error::Result;

impl Repository {
    /// Stages what a patch makes of what a reality shows. `three_way` merges where the content that the patch was made
    /// for is known.
    pub fn apply_patch(
        &mut self,
        reality: &RefName,
        text: &[u8],
        strip: u32,
        reverse: bool,
        three_way: bool,
    ) -> Result<()> {
        let mut overlay = Overlay::new(&self.store);
        let tree = self.shown_tree(&mut overlay, reality)?;
        let merge = |base: &[u8], ours: &[u8], theirs: &[u8]| {
            let merged = merge_text(base, ours, theirs, &TextOptions::default())?;
            (merged.conflicts == 0).then_some(merged.bytes)
        };
        let options = ApplyOptions { strip, reverse, merge: if three_way { Some(&merge) } else { None } };
        let patched = apply_patch(&overlay, &tree, text, &options)?;
        let mut edits = Vec::with_capacity(patched.len());
        for (path, file) in &patched {
            edits.push((
                path,
                match file {
                    Some((mode, bytes)) => PathEdit::Put(*mode, overlay.write(Kind::Blob, bytes)),
                    None => PathEdit::Remove,
                },
            ));
        }
        let tree = edit_tree(&mut overlay, &tree, &edits)?;
        let written = overlay.into_new();
        self.ensure_room(written.body_bytes())?;
        self.store.absorb(&written);
        let changes = self.changes_to(reality, &tree)?;
        self.workspaces.get_or_insert_with(reality.clone(), Default::default).changes = changes;
        Ok(())
    }
}
