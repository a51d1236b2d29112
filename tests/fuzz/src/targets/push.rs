//! Pushes: each is judged and answered, and refs that change point to objects that are here.

use govc_git::transport::PushPolicy;
use govc_git::transport::Served;
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::push::{PushStep, ReceivePack};
use govc_git::verify::Severity;
use govc_git::{Kind, ObjectSource};

use super::pack::{LIMITS, forged, whole};
use super::upload::packets;
use crate::pieces::{first, joined, parts};
use crate::sample::{Sample, commit, with};

/// Most steps of a push as small as these.
const STEPS_MAX: usize = 10_000;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    with(|sample| {
        let bytes = match mode & 1 {
            0 => rest.to_vec(),
            _ => {
                let [commands, entries] = parts(rest);
                let pack = if entries.is_empty() { Vec::new() } else { forged(entries, sample) };
                [packets(commands), pack].concat()
            }
        };
        push(mode, &bytes, sample);
    });
}

pub fn seeds() -> Vec<Vec<u8>> {
    with(|sample| {
        let (tip, root) = (sample.tip, sample.root);
        let null = "0".repeat(40);
        let tree = sample.store.peel_to_tree(&tip).unwrap();
        let child = commit(tree, &[tip], 1_700_000_000).write();
        let child_id = govc_git::id::hasher::object_id(Kind::Commit, &child);
        let entry = [&[0][..], &child].concat();
        let create = format!(
            "{tip} {child_id} refs/heads/main\0report-status atomic side-band-64k object-format=sha1\n0000"
        );
        let options = format!(
            "{null} {tip} refs/heads/new\0report-status-v2 push-options\n{root} {null} refs/tags/v1\n0000\nx=1\n0000"
        );
        let delete = format!("{tip} {null} refs/heads/main\0report-status delete-refs\n0000");
        let raw = [&[0][..], &packets(create.as_bytes()), &whole(sample)].concat();
        vec![
            joined(1, &[create.as_bytes(), &entry]),
            joined(3, &[options.as_bytes(), b"\x02blob"]),
            joined(1, &[delete.as_bytes()]),
            raw,
        ]
    })
}

fn push(mode: u8, bytes: &[u8], sample: &Sample) {
    let policy = PushPolicy {
        allows_deletion: mode & 4 == 0,
        allows_non_fast_forward: mode & 8 == 0,
        refused_from: if mode & 16 == 0 { Severity::Error } else { Severity::Warning },
        limits: LIMITS,
        ..PushPolicy::default()
    };
    let served_refs = ServedRefs::from_store(&sample.refs);
    let served = Served { source: &sample.store, packs: &[], refs: &served_refs, shallow: &[] };
    let mut server = ReceivePack::new(policy);
    for piece in bytes.chunks(usize::from(mode >> 5) * 30 + 1) {
        server.handle_input(piece);
    }
    server.end_input();
    let mut steps = 0;
    loop {
        steps += 1;
        assert!(steps < STEPS_MAX, "the push does not end");
        match server.step(&served) {
            PushStep::Working => {}
            PushStep::Decide => {
                decide(&mut server, sample);
                server.decided();
            }
            PushStep::Answer => break,
        }
    }
    while server.next_chunk(&served).is_some() {
        steps += 1;
        assert!(steps < STEPS_MAX, "the answer does not end");
    }
}

fn decide(server: &mut ReceivePack, sample: &Sample) {
    let request = server.request().expect("because it is to be decided");
    let mut refs = sample.refs.clone();
    let pack = request.pack.take();
    for delta in request.apply(&mut refs) {
        let id = refs.resolve(delta.name.as_ref()).expect("no ref of the push is symbolic");
        let is_here = id.is_none_or(|id| {
            sample.store.contains(&id) || pack.as_ref().is_some_and(|pack| pack.contains(&id))
        });
        assert!(is_here, "{} points to what is not here", delta.name);
    }
}
