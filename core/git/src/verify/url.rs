//! Which URLs a submodule may have: none that is an option, none that puts a newline into a credential request, and none
//! that curl would take apart otherwise than git.

use alloc::vec::Vec;

use bstr::ByteSlice;

use crate::search;

/// Whether `git fsck` has nothing to say of a submodule's URL.
pub(super) fn is_allowed_url(url: &[u8]) -> bool {
    if url.starts_with(b"-") {
        return false;
    }
    let (climbs, rest) = split_relative(url);
    if climbs != Climb::Absolute {
        let into_host = climbs == Climb::Up && matches!(rest.first(), Some(b':' | b'/'));
        return !into_host && !decode(url).contains(&b'\n');
    }
    match curl_url(url) {
        Some(url) => is_allowed_curl_url(url),
        None => true,
    }
}

#[derive(PartialEq, Eq)]
enum Climb {
    Absolute,
    Stays,
    Up,
}

/// Takes `./` and `../`, with either slash, off the front.
fn split_relative(url: &[u8]) -> (Climb, &[u8]) {
    let mut climb = Climb::Absolute;
    let mut rest = url;
    loop {
        match rest {
            [b'.', b'.', b'/' | b'\\', after @ ..] => (climb, rest) = (Climb::Up, after),
            [b'.', b'/' | b'\\', after @ ..] => {
                if climb == Climb::Absolute {
                    climb = Climb::Stays;
                }
                rest = after;
            }
            _ => return (climb, rest),
        }
    }
}

/// The URL that git would give to curl, if it would.
fn curl_url(url: &[u8]) -> Option<&[u8]> {
    let schemes = ["http", "https", "ftp", "ftps"];
    for scheme in schemes {
        if let Some(rest) = url.strip_prefix(scheme.as_bytes()) {
            if let Some(inner) = rest.strip_prefix(b"::") {
                return Some(inner);
            }
            if rest.starts_with(b"://") {
                return Some(url);
            }
        }
    }
    None
}

/// Whether git can normalise the URL, and the result holds no newline.
fn is_allowed_curl_url(url: &[u8]) -> bool {
    normalise(url).is_some_and(|url| !decode(&url).contains(&b'\n'))
}

/// The URL with its path resolved; `None` where it is not well-formed.
fn normalise(url: &[u8]) -> Option<Vec<u8>> {
    let scheme = search::find(url, b"://")?;
    let in_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    if !url[0].is_ascii_alphabetic() || !url[..scheme].iter().all(in_scheme) {
        return None;
    }
    let rest = &url[scheme + 3..];
    let (authority, path) = rest.split_at(search::find_any(rest, b"/?#").unwrap_or(rest.len()));
    let (user, host) = match authority.find_byte(b'@') {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (&b""[..], authority),
    };
    let is_file = url[..scheme].eq_ignore_ascii_case(b"file");
    if !is_escaped(user) || !is_allowed_host(host, is_file) {
        return None;
    }
    let mut out = Vec::from(&url[..scheme + 3]);
    out.extend_from_slice(user);
    out.extend(resolve_path(path)?);
    Some(out)
}

fn is_allowed_host(host: &[u8], is_file: bool) -> bool {
    // The last colon begins the port, unless it belongs to an address in brackets.
    let (name, port) = match host.iter().rposition(|byte| b":]".contains(byte)).filter(|at| host[*at] == b':')
    {
        Some(at) => (&host[..at], Some(&host[at + 1..])),
        None => (host, None),
    };
    if name.starts_with(b":") || name.is_empty() && (!is_file || port.is_some()) {
        return false;
    }
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_[:]".contains(byte);
    name.iter().all(in_name) && port.is_none_or(is_allowed_port)
}

fn is_allowed_port(port: &[u8]) -> bool {
    let number = port.iter().try_fold(0u32, |number, digit| {
        digit.is_ascii_digit().then(|| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
    });
    port.is_empty() || number.is_some_and(|number| (1..=65535).contains(&number))
}

/// The path without `.` and `..`; `None` where it leads above the root or has a broken escape.
fn resolve_path(path: &[u8]) -> Option<Vec<u8>> {
    let (path, tail) = path.split_at(search::find_any(path, b"?#").unwrap_or(path.len()));
    if !is_escaped(path) || !is_escaped(tail) {
        return None;
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in search::split(path, b'/').skip(1) {
        match part {
            b"." => {}
            b".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let mut out = bstr::join("/", parts);
    out.extend_from_slice(tail);
    Some(out)
}

/// Whether every `%` begins an escape.
fn is_escaped(text: &[u8]) -> bool {
    (0..text.len()).all(|at| text[at] != b'%' || escaped(&text[at..]).is_some())
}

/// The byte that an escape at the front stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
        }
        _ => None,
    }
}

/// The text with every escape behind the first colon, or anywhere if there is none, replaced by its byte.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut at = text.find_byte(b':').unwrap_or(0);
    let mut out = Vec::from(&text[..at]);
    while let Some(byte) = text.get(at) {
        match escaped(&text[at..]).filter(|byte| *byte != 0) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}
