//! One path that both sides changed: its mode, and its content by the driver that the attributes name.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::conflict::{ConflictKind, Report};
use super::driver::{Driver, FileDriver, driver_for};
use super::options::{DriverAnswer, MergeError, MergeOptions, Versions};
use super::survey::{BASE, OURS, THEIRS, Three};
use super::text::{Favor, Joining, Labels, MARKER_SIZE, MergedText, TEXT_BYTES_MAX, TextOptions, merge_text};
use crate::Kind;
use crate::attributes::Attributes;
use crate::diff::Side;
use crate::diff::binary::is_binary;
use crate::object::EntryKind;
use crate::store::{ObjectSource, ObjectStore};

/// The merge of one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merged {
    pub side: Side,
    /// What is left to decide, if anything.
    pub conflict: Option<ConflictKind>,
}

/// What the contents of a merge are written under.
pub(super) struct Contents<'a> {
    pub store: &'a mut dyn ObjectStore,
    pub options: &'a MergeOptions<'a>,
    pub report: &'a mut Report,
    pub attributes: &'a mut Option<Attributes>,
    /// 0 for the merge that was asked for; one more for each level of merged bases.
    pub depth: u32,
}

impl Contents<'_> {
    /// Merges what both sides hold; `three[OURS]` and `three[THEIRS]` are there and of one type.
    ///
    /// `origins` are the paths of the three, `nested` says that the result may stand inside another conflict.
    pub fn merge(
        &mut self,
        path: &BStr,
        three: &Three,
        origins: [&BStr; 3],
        nested: bool,
    ) -> Result<Merged, MergeError> {
        let [base, Some(ours), Some(theirs)] = three else {
            let side = three[OURS].or(three[THEIRS]).or(three[BASE]);
            let side =
                side.unwrap_or(Side { mode: crate::object::Mode::FILE, id: crate::ObjectId::EMPTY_BLOB });
            return Ok(Merged { side, conflict: None });
        };
        let base_mode = base.map(|base| base.mode);
        let (mode, mode_open) = if ours.mode == theirs.mode || base_mode == Some(ours.mode) {
            (theirs.mode, false)
        } else {
            (ours.mode, base_mode != Some(theirs.mode))
        };
        let base_id = base.map(|base| base.id);
        let mut merged = if ours.id == theirs.id || base_id == Some(ours.id) {
            Merged { side: Side { mode, id: theirs.id }, conflict: None }
        } else if base_id == Some(theirs.id) {
            Merged { side: Side { mode, id: ours.id }, conflict: None }
        } else {
            match ours.mode.kind() {
                EntryKind::Submodule => self.merge_submodule(path, base.as_ref(), [ours, theirs]),
                EntryKind::Symlink => self.choose(base.as_ref(), ours, theirs),
                _ => self.merge_files(path, base.as_ref(), [ours, theirs], origins, nested)?,
            }
        };
        merged.side.mode = mode;
        if mode_open {
            merged.conflict = merged.conflict.or(Some(ConflictKind::Mode));
        }
        Ok(merged)
    }

    /// A symbolic link or another content that has no lines: one side's, by preference.
    fn choose(&self, base: Option<&Side>, ours: &Side, theirs: &Side) -> Merged {
        let open = Some(ConflictKind::Content);
        match (self.depth, self.options.favor) {
            (1.., _) => Merged { side: *base.unwrap_or(ours), conflict: open },
            (_, Favor::Ours) => Merged { side: *ours, conflict: None },
            (_, Favor::Theirs) => Merged { side: *theirs, conflict: None },
            _ => Merged { side: *ours, conflict: open },
        }
    }

    fn merge_submodule(&mut self, path: &BStr, base: Option<&Side>, [ours, theirs]: [&Side; 2]) -> Merged {
        let open = |side: &Side| Merged { side: *side, conflict: Some(ConflictKind::Submodule) };
        let kind = Some(ConflictKind::Submodule);
        let Some(base) = base else {
            if self.depth == 0 {
                let text = format_args!("Failed to merge submodule {path} (no merge base)");
                self.report.note(path, kind, text);
            }
            return open(ours);
        };
        match self.newer_submodule(path, base, [ours, theirs]) {
            Ok(side) => {
                let text = format_args!("Note: Fast-forwarding submodule {path} to {}", side.id);
                self.report.note(path, None, text);
                return Merged { side: *side, conflict: None };
            }
            Err(why) => {
                self.report.note(path, kind, format_args!("Failed to merge submodule {path}{why}"));
            }
        }
        open(if self.depth > 0 { base } else { ours })
    }

    /// The side whose commit contains that of the other, both of which contain the base's; else why there is none.
    fn newer_submodule<'s>(
        &self,
        path: &BStr,
        base: &Side,
        [ours, theirs]: [&'s Side; 2],
    ) -> Result<&'s Side, &'static str> {
        let history = self.options.submodules.ok_or(" (not checked out)")?;
        let contains =
            |ancestor: &Side, descendant: &Side| history.is_ancestor(path, &ancestor.id, &descendant.id);
        match (contains(base, ours), contains(base, theirs)) {
            (Some(true), Some(true)) if contains(ours, theirs) == Some(true) => Ok(theirs),
            (Some(true), Some(true)) if contains(theirs, ours) == Some(true) => Ok(ours),
            (Some(true), Some(true)) => Err(""),
            (Some(_), Some(_)) => Err(" (commits don't follow merge-base)"),
            _ => Err(" (commits not present)"),
        }
    }

    fn merge_files(
        &mut self,
        path: &BStr,
        base: Option<&Side>,
        [ours, theirs]: [&Side; 2],
        origins: [&BStr; 3],
        nested: bool,
    ) -> Result<Merged, MergeError> {
        let base = base.filter(|base| base.mode.is_regular());
        let read = |side: &Side| self.store.read_blob(&side.id);
        let bytes =
            [base.map(read).transpose()?.unwrap_or_else(|| Arc::from([])), read(ours)?, read(theirs)?];
        let FileDriver { driver, marker_size } = driver_for(self.attributes, self.store, path)?;
        let labels = self.labels(origins);
        let text = match driver {
            Driver::Binary => None,
            _ if bytes.iter().all(|bytes| is_text(bytes)) => {
                let options = self.text_options(&driver, marker_size, nested, &labels);
                merge_text(&bytes[BASE], &bytes[OURS], &bytes[THEIRS], &options)
            }
            _ => None,
        };
        let text = match (driver, text) {
            (Driver::Named(name), Some(text)) => Some(self.merge_named(path, name, &bytes, text)?),
            (_, text) => text,
        };
        let side = |id| Side { mode: ours.mode, id };
        let merged = match text {
            Some(MergedText { bytes, conflicts }) => Merged {
                side: side(self.store.write(Kind::Blob, &bytes)),
                conflict: (conflicts > 0).then_some(ConflictKind::Content),
            },
            None if self.depth > 0 => {
                let id = match base {
                    Some(base) => base.id,
                    None => self.store.write(Kind::Blob, b""),
                };
                Merged { side: side(id), conflict: None }
            }
            None => {
                let merged = self.choose(base, ours, theirs);
                if merged.conflict.is_some() {
                    let [ours, _, theirs] = &labels;
                    let text =
                        format_args!("warning: Cannot merge binary files: {path} ({ours} vs. {theirs})");
                    self.report.note(path, Some(ConflictKind::Content), text);
                }
                merged
            }
        };
        self.report.note(path, None, format_args!("Auto-merging {path}"));
        Ok(merged)
    }

    /// Asks the driver that the attributes name; where there is none of this name, the lines count.
    fn merge_named(
        &mut self,
        path: &BStr,
        driver: BString,
        bytes: &[Arc<[u8]>; 3],
        lines: MergedText,
    ) -> Result<MergedText, MergeError> {
        let Some(drivers) = self.options.drivers else { return Ok(lines) };
        let versions = Versions {
            base: &bytes[BASE],
            ours: &bytes[OURS],
            theirs: &bytes[THEIRS],
            lines: (lines.conflicts == 0).then_some(&lines.bytes),
            favor: if self.depth == 0 { self.options.favor } else { Favor::None },
        };
        Ok(match drivers.merge(driver.as_bstr(), &versions) {
            None | Some(DriverAnswer::Lines) => lines,
            Some(DriverAnswer::Broken) => MergedText { conflicts: lines.conflicts.max(1), ..lines },
            Some(DriverAnswer::Merged(bytes)) => MergedText { bytes, conflicts: 0 },
            Some(DriverAnswer::Unavailable) => {
                return Err(MergeError::DriverUnavailable { path: path.into(), driver });
            }
        })
    }

    fn text_options<'l>(
        &self,
        driver: &Driver,
        marker_size: Option<u16>,
        nested: bool,
        [ours, base, theirs]: &'l [BString; 3],
    ) -> TextOptions<'l> {
        let depth = u16::try_from(self.depth).unwrap_or(u16::MAX);
        let longer = depth.saturating_mul(2).saturating_add(u16::from(nested));
        let base = if base.is_empty() { None } else { Some(base.as_bstr()) };
        TextOptions {
            algorithm: self.options.algorithm,
            style: self.options.style,
            favor: match (driver, self.depth) {
                (Driver::Union, _) => Favor::Union,
                (_, 0) => self.options.favor,
                _ => Favor::None,
            },
            joining: Joining::Near,
            marker_size: marker_size.unwrap_or(MARKER_SIZE).saturating_add(longer),
            labels: Labels { ours: Some(ours.as_bstr()), base, theirs: Some(theirs.as_bstr()) },
        }
    }

    /// What stands behind the markers: the names of the sides, with the paths where these differ. In marker order.
    fn labels(&self, origins: [&BStr; 3]) -> [BString; 3] {
        let names = &self.options.labels;
        let base = names.base.as_ref().map(|base| base.as_bstr()).unwrap_or_default();
        let label = |name: &BStr, side: usize| {
            let mut label = BString::from(name);
            if origins.iter().any(|origin| *origin != origins[BASE]) {
                label.push(b':');
                label.extend_from_slice(origins[side]);
            }
            label
        };
        [label(names.ours.as_bstr(), OURS), label(base, BASE), label(names.theirs.as_bstr(), THEIRS)]
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= TEXT_BYTES_MAX && !is_binary(bytes)
}

/// The contents of what a conflict is about, for a resolver.
pub(super) fn contents(store: &dyn ObjectSource, three: &Three) -> Result<[Option<Vec<u8>>; 3], MergeError> {
    let mut contents = [None, None, None];
    for (content, side) in contents.iter_mut().zip(three) {
        if let Some(side) = side
            && side.mode.kind() != EntryKind::Submodule
        {
            *content = Some(store.read_blob(&side.id)?.to_vec());
        }
    }
    Ok(contents)
}
