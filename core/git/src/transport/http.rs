//! Git's smart HTTP as pure functions: which endpoint a request means, and the headers of its answer.
//!
//! Moves no bytes. Who may push, and how long a body may take, is the host's business.

use super::capabilities::Service;
use super::request::Version;
use crate::search;

/// What the routing looks at in a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHead<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// The path of the address; what comes before git's own part is the host's.
    pub path: &'a str,
    /// What follows the `?`, without it.
    pub query: &'a str,
    /// The header `Content-Type`; empty where there is none.
    pub content_type: &'a str,
    /// The header `Git-Protocol`; empty where there is none.
    pub git_protocol: &'a str,
    /// The header `Content-Encoding`; empty where there is none.
    pub content_encoding: &'a str,
}

/// What a request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Show what there is to fetch or push to.
    Advertise {
        /// To whom.
        service: Service,
        /// In which form; a push has only the oldest two.
        version: Version,
    },
    /// Answer a request of this service.
    Answer {
        /// Which.
        service: Service,
        /// In which form.
        version: Version,
        /// Whether the body must pass through gunzip first. The host bounds what comes out.
        is_gzip: bool,
    },
}

/// A request that gets no answer of git's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The status code.
    pub status: u16,
    /// The body, as `text/plain`, which git shows to its user.
    pub text: &'static str,
}

impl HttpError {
    /// What a host answers to a push that it does not take.
    pub const PUSH_REFUSED: Self = Self { status: 403, text: "this repository takes no push\n" };
    /// What a host answers to a body that is longer than it takes.
    pub const TOO_LARGE: Self = Self { status: 413, text: "the request is too large\n" };

    const NOT_FOUND: Self = Self { status: 404, text: "not part of git's smart HTTP\n" };
    const METHOD: Self = Self { status: 405, text: "this address does not take that method\n" };
    const DUMB: Self =
        Self { status: 403, text: "only git's smart HTTP is served here: git 1.6.6 or later\n" };
    const SERVICE: Self = Self { status: 403, text: "unknown service\n" };
    const CONTENT_TYPE: Self = Self { status: 415, text: "unexpected content type\n" };
    const ENCODING: Self =
        Self { status: 415, text: "only gzip and identity are known as content encodings\n" };
}

impl core::fmt::Display for HttpError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}", self.status, self.text.trim_ascii_end())
    }
}

impl core::error::Error for HttpError {}

/// Headers that keep caches away from every answer of git's.
pub const NO_CACHE: [(&str, &str); 3] = [
    ("Cache-Control", "no-cache, max-age=0, must-revalidate"),
    ("Expires", "Fri, 01 Jan 1980 00:00:00 GMT"),
    ("Pragma", "no-cache"),
];

impl Endpoint {
    /// The content type of the answer.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Advertise { service: Service::UploadPack, .. } => {
                "application/x-git-upload-pack-advertisement"
            }
            Self::Advertise { service: Service::ReceivePack, .. } => {
                "application/x-git-receive-pack-advertisement"
            }
            Self::Answer { service: Service::UploadPack, .. } => "application/x-git-upload-pack-result",
            Self::Answer { service: Service::ReceivePack, .. } => "application/x-git-receive-pack-result",
        }
    }

    /// The service that is asked.
    pub const fn service(&self) -> Service {
        match self {
            Self::Advertise { service, .. } | Self::Answer { service, .. } => *service,
        }
    }
}

/// Finds the endpoint that a request means.
pub fn route(head: &RequestHead<'_>) -> Result<Endpoint, HttpError> {
    let version = Version::from_header(head.git_protocol.as_bytes());
    if head.path.ends_with("/info/refs") {
        return match head.method {
            "GET" | "HEAD" => advertise(head.query, version),
            _ => Err(HttpError::METHOD),
        };
    }
    let last = search::split(head.path.as_bytes(), b'/').next_back().unwrap_or_default();
    let service = match Service::from_name(last) {
        Some(service) if head.path.len() > last.len() => service,
        _ if is_dumb(head.path) => return Err(HttpError::DUMB),
        _ => return Err(HttpError::NOT_FOUND),
    };
    if head.method != "POST" {
        return Err(HttpError::METHOD);
    }
    let expected = match service {
        Service::UploadPack => "application/x-git-upload-pack-request",
        Service::ReceivePack => "application/x-git-receive-pack-request",
    };
    let content_type = search::split(head.content_type.as_bytes(), b';').next().unwrap_or_default();
    if !content_type.trim_ascii().eq_ignore_ascii_case(expected.as_bytes()) {
        return Err(HttpError::CONTENT_TYPE);
    }
    let is_gzip = match head.content_encoding.trim_ascii() {
        encoding if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") => false,
        encoding if encoding.eq_ignore_ascii_case("gzip") || encoding.eq_ignore_ascii_case("x-gzip") => true,
        _ => return Err(HttpError::ENCODING),
    };
    Ok(Endpoint::Answer { service, version: version_for(service, version), is_gzip })
}

fn advertise(query: &str, version: Version) -> Result<Endpoint, HttpError> {
    let mut pairs = search::split(query.as_bytes(), b'&');
    let name = pairs.find_map(|pair| pair.strip_prefix(b"service=")).ok_or(HttpError::DUMB)?;
    let service = Service::from_name(name).ok_or(HttpError::SERVICE)?;
    Ok(Endpoint::Advertise { service, version: version_for(service, version) })
}

/// A push has no v2: the client falls back to the oldest form.
fn version_for(service: Service, version: Version) -> Version {
    match (service, version) {
        (Service::ReceivePack, Version::V2) => Version::V0,
        _ => version,
    }
}

/// Whether a client of the dumb protocol would ask for this.
fn is_dumb(path: &str) -> bool {
    let has = |part: &[u8]| search::contains(path.as_bytes(), part);
    path.ends_with("/HEAD") || has(b"/objects/") || has(b"/refs/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(method: &'a str, path: &'a str, query: &'a str) -> RequestHead<'a> {
        RequestHead { method, path, query, ..RequestHead::default() }
    }

    #[test]
    fn gits_addresses_are_found_under_any_prefix() {
        let get = RequestHead {
            git_protocol: "version=2",
            ..head("GET", "/a/b.git/info/refs", "service=git-upload-pack")
        };
        let endpoint = route(&get).unwrap();
        assert_eq!(endpoint, Endpoint::Advertise { service: Service::UploadPack, version: Version::V2 });
        assert_eq!(endpoint.content_type(), "application/x-git-upload-pack-advertisement");
        let push = RequestHead { query: "service=git-receive-pack", ..get };
        assert_eq!(
            route(&push),
            Ok(Endpoint::Advertise { service: Service::ReceivePack, version: Version::V0 })
        );
        let post = RequestHead {
            content_type: "application/x-git-receive-pack-request",
            content_encoding: "gzip",
            ..head("POST", "/git-receive-pack", "")
        };
        let expected =
            Endpoint::Answer { service: Service::ReceivePack, version: Version::V0, is_gzip: true };
        assert_eq!(route(&post), Ok(expected));
    }

    #[test]
    fn the_rest_is_refused_with_a_reason() {
        for (request, error) in [
            (head("GET", "/info/refs", ""), HttpError::DUMB),
            (head("GET", "/r.git/HEAD", ""), HttpError::DUMB),
            (head("GET", "/r.git/objects/info/packs", ""), HttpError::DUMB),
            (head("GET", "/info/refs", "service=git-upload-archive"), HttpError::SERVICE),
            (head("POST", "/info/refs", "service=git-upload-pack"), HttpError::METHOD),
            (head("GET", "/git-upload-pack", ""), HttpError::METHOD),
            (head("POST", "/git-upload-pack", ""), HttpError::CONTENT_TYPE),
            (head("POST", "git-upload-pack", ""), HttpError::NOT_FOUND),
            (head("GET", "/index.html", ""), HttpError::NOT_FOUND),
        ] {
            assert_eq!(route(&request), Err(error), "{request:?}");
        }
        let encoded = RequestHead {
            content_type: "application/x-git-upload-pack-request",
            content_encoding: "br",
            ..head("POST", "/git-upload-pack", "")
        };
        assert_eq!(route(&encoded), Err(HttpError::ENCODING));
    }
}
