//! The head of an HTTP exchange: where a request goes, and whether what answers is git's smart HTTP.

use super::error::{ClientError, shown};
use crate::search;
use crate::transport::capabilities::Service;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTarget {
    /// `GET`: what the server can do.
    Advertisement(Service),
    /// `POST`: a command.
    Command(Service),
}

impl RequestTarget {
    /// What follows the repository's address and a slash.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Advertisement(Service::UploadPack) => "info/refs?service=git-upload-pack",
            Self::Advertisement(Service::ReceivePack) => "info/refs?service=git-receive-pack",
            Self::Command(service) => service.name(),
        }
    }

    /// The header `Content-Type` of the request; none for the advertisement.
    pub const fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Advertisement(_) => None,
            Self::Command(Service::UploadPack) => Some("application/x-git-upload-pack-request"),
            Self::Command(Service::ReceivePack) => Some("application/x-git-receive-pack-request"),
        }
    }

    /// The header `Accept`, which is what the answer's `Content-Type` has to be.
    pub const fn accept(self) -> &'static str {
        match self {
            Self::Advertisement(Service::UploadPack) => "application/x-git-upload-pack-advertisement",
            Self::Advertisement(Service::ReceivePack) => "application/x-git-receive-pack-advertisement",
            Self::Command(Service::UploadPack) => "application/x-git-upload-pack-result",
            Self::Command(Service::ReceivePack) => "application/x-git-receive-pack-result",
        }
    }

    /// The header `Git-Protocol`; a push has no version 2.
    pub const fn git_protocol(self) -> Option<&'static str> {
        match self {
            Self::Advertisement(Service::UploadPack) | Self::Command(Service::UploadPack) => {
                Some("version=2")
            }
            _ => None,
        }
    }
}

/// Refuses what is no answer to the request: by its status, then by its `Content-Type`.
pub fn check_head(target: RequestTarget, status: u16, content_type: &[u8]) -> Result<(), ClientError> {
    if status != 200 {
        return Err(ClientError::Status(status));
    }
    let found = search::split(content_type, b';').next().unwrap_or_default().trim_ascii();
    if found.eq_ignore_ascii_case(target.accept().as_bytes()) {
        return Ok(());
    }
    Err(ClientError::ContentType(shown(if found.is_empty() { b"no content type" } else { found })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn only_gits_own_answers_pass() {
        let target = RequestTarget::Advertisement(Service::UploadPack);
        let git = b"application/x-git-upload-pack-advertisement";
        assert_eq!(check_head(target, 200, git), Ok(()));
        assert_eq!(check_head(target, 200, &[&git[..], b"; charset=utf-8"].concat()), Ok(()));
        for (status, content_type, told) in [
            (401, &git[..], "credentials (401)"),
            (404, b"text/html", "no repository"),
            (302, b"", "redirects"),
            (503, b"", "status 503"),
            (200, b"text/html; charset=utf-8", "but 'text/html'"),
            (200, b"", "but 'no content type'"),
            (200, b"application/x-git-upload-pack-result", "is this the address"),
        ] {
            let error = check_head(target, status, content_type).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
