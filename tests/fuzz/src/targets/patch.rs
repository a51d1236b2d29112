//! Patches of arbitrary changes: every side may be text, binary, a link, a submodule or absent.

use govc_git::diff::change::Algorithm;
use govc_git::diff::similarity::Score;
use govc_git::diff::unified::{PatchOptions, write_patch};
use govc_git::diff::{ChangeKind, FileChange, Side};
use govc_git::object::Mode;
use govc_git::store::MemoryStore;
use govc_git::{Kind, ObjectSink};

use crate::pieces::{first, joined, parts};

/// Bytes that a patch may take beside six times what it is of: names are quoted and stand there up to seven times,
/// short lines get a sign, compressed bytes are written in base 85.
const FRAME_BYTES: usize = 1000;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let (kinds, rest) = first(rest);
    let [old, new, path, old_path] = parts(rest);
    let mut store = MemoryStore::new();
    let mut side = |shift: u8, content: &[u8]| {
        let mode = match kinds >> shift & 7 {
            0 => return None,
            1 => Mode::SYMLINK,
            2 => Mode::SUBMODULE,
            3 => Mode::EXECUTABLE,
            _ => Mode::FILE,
        };
        Some(Side { mode, id: store.write(Kind::Blob, content) })
    };
    let (old_side, new_side) = (side(0, old), side(3, new));
    let kind = match (old_side, new_side) {
        (None, None) => return,
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(a), Some(b)) if a.mode.kind() != b.mode.kind() => ChangeKind::TypeChanged,
        _ => [ChangeKind::Modified, ChangeKind::ModeChanged, ChangeKind::Renamed, ChangeKind::Copied]
            [usize::from(kinds >> 6)],
    };
    let change = FileChange {
        kind,
        path: path.into(),
        old_path: matches!(kind, ChangeKind::Renamed | ChangeKind::Copied).then(|| old_path.into()),
        old: old_side,
        new: new_side,
        similarity: Score::from_percent(50),
    };
    let options = PatchOptions {
        algorithm: if mode & 1 == 0 { Algorithm::Myers } else { Algorithm::Histogram },
        context: u32::from(mode >> 1 & 7),
        id_digits: 4 + (mode >> 4) * 2,
        binary: mode & 128 != 0,
    };
    let mut patch = Vec::new();
    write_patch(&store, std::slice::from_ref(&change), &options, &mut patch)
        .expect("because all objects are here");
    let room = 6 * (old.len() + new.len()) + 28 * (path.len() + old_path.len()) + FRAME_BYTES;
    let hunks = patch.windows(3).filter(|window| window == b"\n@@").count();
    assert!(patch.len() <= room + hunks * 150, "{} bytes of {room} and {hunks} hunks", patch.len());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let parts: [&[u8]; 4] = [b"a\nb\nc\n", b"a\nB\nc\nd", b"src/\xc3\xa4 \"x\"", b"old name"];
    let mut seeds = Vec::new();
    for (mode, kinds) in [(6, 0o44), (7, 0o244), (0xb0, 0o40), (0, 0o04), (6, 0o14), (0xf6, 0o344), (0, 0o22)]
    {
        seeds.push([&[mode][..], &joined(kinds, &parts)].concat());
        seeds.push([&[mode | 128][..], &joined(kinds, &[b"a\0b", b"c\0", parts[2], parts[3]])].concat());
    }
    seeds
}
