//! Packets: pieces and the whole give the same, and what is read is written back.

use govc_git::transport::pkt_line::{
    Band, Packet, PacketError, PacketReader, printable, split_packet, write_delimiter, write_flush,
    write_packet,
};

use crate::pieces::first;

pub fn run(input: &[u8]) {
    let (mode, rest) = first(input);
    let whole = read(rest, rest.len().max(1));
    assert_eq!(whole, read(rest, usize::from(mode) + 1));
    let _ = (split_packet(rest, u64::MAX), printable(&String::from_utf8_lossy(rest)));
    let Ok(written) = whole else { return };
    assert_eq!(read(&written, 7), Ok(written.clone()));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = vec![3];
    write_packet(b"want 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", &mut out);
    write_packet(b"", &mut out);
    write_delimiter(&mut out);
    Band::Progress.write(b"counting", &mut out);
    write_flush(&mut out);
    out.extend_from_slice(b"0002");
    vec![out]
}

/// All packets, written again.
fn read(bytes: &[u8], piece: usize) -> Result<Vec<u8>, PacketError> {
    let mut reader = PacketReader::new();
    let mut out = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        while let Some(packet) = reader.read()? {
            let _ = packet.text();
            match packet {
                Packet::Payload(payload) => {
                    let _ = Band::split(payload);
                    write_packet(payload, &mut out);
                }
                Packet::Flush => write_flush(&mut out),
                Packet::Delimiter => write_delimiter(&mut out),
                Packet::ResponseEnd => out.extend_from_slice(b"0002"),
            }
        }
    }
    reader.finish()?;
    Ok(out)
}
