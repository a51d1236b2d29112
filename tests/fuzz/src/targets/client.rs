//! What servers answer: any bytes are read or refused, and pieces and the whole give the same.

use govc_git::transport::ServeOptions;
use govc_git::transport::Served;
use govc_git::transport::client::{
    Advertised, AdvertisementReader, ClientError, FetchAnswer, FetchCommand, Fetched, LsRefsReader,
    ReportReader, write_fetch,
};
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::pkt_line::{Band, write_flush};
use govc_git::transport::request::Version;
use govc_git::transport::server::UploadPack;

use super::pack::LIMITS;
use super::upload::packets;
use crate::pieces::first;
use crate::sample::with;

/// What the current git says of itself.
const GIT_V2: &str = "version 2\nagent=git/2.47.3\nls-refs=unborn\nfetch=shallow wait-for-done filter\nserver-option\nobject-format=sha1\nobject-info\n0000";
/// ... and to who wants to push.
const GIT_PUSH: &str = "# service=git-receive-pack\n0000\n4b825dc642cb6eb9a060e54bf8d69288fbee4904 refs/heads/main\0report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=git/2.47.3\n4b825dc642cb6eb9a060e54bf8d69288fbee4904 .have\nshallow 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n0000";
const GIT_REFS: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904 HEAD symref-target:refs/heads/main\n4b825dc642cb6eb9a060e54bf8d69288fbee4904 refs/heads/main\n4b825dc642cb6eb9a060e54bf8d69288fbee4904 refs/tags/v1 peeled:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n0000";
const GIT_REPORT: &str =
    "unpack ok\nok refs/heads/main\noption forced-update\nng refs/heads/x non-fast-forward\n0000";

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let piece = usize::from(mode >> 3) * 3 + 1;
    let whole = rest.len().max(1);
    assert_eq!(read(mode & 7, rest, whole), read(mode & 7, rest, piece));
}

/// What comes of an answer, as text.
fn read(kind: u8, bytes: &[u8], piece: usize) -> String {
    let pieces = || bytes.chunks(piece);
    match kind {
        0 => shown((|| {
            let mut reader = AdvertisementReader::new(LIMITS);
            pieces().try_for_each(|piece| reader.push(piece))?;
            reader.finish()
        })()),
        1 => shown((|| {
            let mut reader = LsRefsReader::new(LIMITS);
            pieces().try_for_each(|piece| reader.push(piece))?;
            reader.finish()
        })()),
        2 | 3 => shown((|| {
            let mut reader = ReportReader::new(kind == 3, LIMITS);
            pieces().try_for_each(|piece| reader.push(piece))?;
            reader.finish()
        })()),
        _ => shown((|| {
            let mut reader = FetchAnswer::new(LIMITS);
            pieces().try_for_each(|piece| reader.push(piece))?;
            Ok(match reader.finish()? {
                Fetched::Common(common) => format!("{common:?}"),
                Fetched::Pack(resolver, cut) => format!("{cut:?} {:?}", resolver.progress()),
            })
        })()),
    }
}

fn shown<T: core::fmt::Debug>(outcome: Result<T, ClientError>) -> String {
    match outcome {
        Ok(found) => format!("{found:?}"),
        Err(error) => error.to_string(),
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut banded = Vec::new();
    Band::Progress.write(b"remote: hello\n", &mut banded);
    Band::Content.write(&packets(GIT_REPORT.as_bytes()), &mut banded);
    write_flush(&mut banded);
    let mut seeds = Vec::from([
        [&[0][..], &packets(GIT_V2.as_bytes())].concat(),
        [&[16][..], &packets(GIT_PUSH.as_bytes())].concat(),
        [&[1][..], &packets(GIT_REFS.as_bytes())].concat(),
        [&[2][..], &packets(GIT_REPORT.as_bytes())].concat(),
        [&[3][..], &banded].concat(),
    ]);
    for (is_done, depth) in [(true, None), (true, Some(1)), (false, None)] {
        seeds.push([&[4][..], &answer(is_done, depth)].concat());
    }
    seeds
}

/// What the server of this engine answers to the client of this engine.
fn answer(is_done: bool, depth: Option<u32>) -> Vec<u8> {
    with(|sample| {
        let command = FetchCommand {
            wants: &[sample.tip],
            haves: [&[], if is_done { &[] } else { &[sample.root] }],
            depth,
            is_done,
            ..FetchCommand::default()
        };
        let mut request = Vec::new();
        write_fetch(&Advertised::default(), &command, &mut request);
        let refs = ServedRefs::from_store(&sample.refs);
        let served = Served { source: &sample.store, packs: &[], refs: &refs, shallow: &[] };
        let mut server =
            UploadPack::new(Version::V2, ServeOptions { limits: LIMITS, ..ServeOptions::default() });
        server.handle_input(&request);
        server.end_input();
        std::iter::from_fn(|| server.next_chunk(&served)).flatten().collect()
    })
}
