//! Requests to upload-pack in every version: each is answered, and the answer ends.

use govc_git::transport::WantPolicy;
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::pkt_line::{write_delimiter, write_flush, write_packet};
use govc_git::transport::request::Version;
use govc_git::transport::server::UploadPack;
use govc_git::transport::{ServeOptions, Served};

use super::pack::LIMITS;
use crate::pieces::first;
use crate::sample::with;

/// Most pieces of an answer about a repository that fits into one.
const CHUNKS_MAX: usize = 1000;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let request = if mode & 1 == 0 { rest.to_vec() } else { packets(rest) };
    let version = [Version::V0, Version::V1, Version::V2, Version::V2][usize::from(mode >> 1 & 3)];
    let wants = [WantPolicy::AsGit, WantPolicy::Reachable, WantPolicy::Tips, WantPolicy::AsGit]
        [usize::from(mode >> 3 & 3)];
    with(|sample| {
        let refs = ServedRefs::from_store(&sample.refs);
        let shallow = if mode & 32 == 0 { &[][..] } else { &[sample.root][..] };
        let served = Served { source: &sample.store, packs: &[], refs: &refs, shallow };
        let mut server = UploadPack::new(version, ServeOptions { wants, limits: LIMITS });
        for piece in request.chunks(usize::from(mode >> 6) * 20 + 1) {
            server.handle_input(piece);
        }
        server.end_input();
        let chunks = std::iter::from_fn(|| server.next_chunk(&served)).take(CHUNKS_MAX).count();
        assert!(chunks < CHUNKS_MAX, "the answer does not end");
    });
}

pub fn seeds() -> Vec<Vec<u8>> {
    let (tip, root) = with(|sample| (sample.tip, sample.root));
    let requests = [
        (
            5,
            "command=ls-refs\nagent=git/2\n0001\npeel\nsymrefs\nunborn\nref-prefix refs/heads/\n0000"
                .to_owned(),
        ),
        (
            5,
            format!(
                "command=fetch\nobject-format=sha1\n0001\nthin-pack\nofs-delta\nwant {tip}\nhave {root}\ndone\n0000"
            ),
        ),
        (
            13,
            "command=fetch\n0001\nwant-ref refs/heads/main\nfilter blob:limit=9\ndeepen 2\ndone\n0000"
                .to_owned(),
        ),
        (
            5,
            format!(
                "command=fetch\n0001\nwant {tip}\nshallow {root}\ndeepen-since 1600000150\nfilter combine:tree:2+blob:none\nwait-for-done\nhave {root}\n0000"
            ),
        ),
        (5, format!("command=object-info\n0001\nsize\noid {tip}\noid {root}\n0000")),
        (
            1,
            format!(
                "want {tip} multi_ack_detailed side-band-64k thin-pack ofs-delta filter\n0000\nhave {root}\ndone"
            ),
        ),
        (
            35,
            format!(
                "want {tip} side-band shallow deepen-not\nshallow {root}\ndeepen-not refs/tags/v1\nfilter tree:0\n0000\nhave {root}\n0000\ndone"
            ),
        ),
    ];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for (mode, text) in requests {
        seeds.push([&[mode][..], text.as_bytes()].concat());
        seeds.push([&[mode & !1][..], &packets(text.as_bytes())].concat());
    }
    seeds
}

/// Lines as packets; `0000` and `0001` stand for themselves.
pub fn packets(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        match line {
            b"0000" => write_flush(&mut out),
            b"0001" => write_delimiter(&mut out),
            _ => write_packet(&[line, b"\n"].concat(), &mut out),
        }
    }
    out
}
