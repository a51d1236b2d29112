//! Upload-pack without a socket: the bytes of a request go in, the bytes of the answer come out in pieces.
//!
//! What goes wrong is told to the client in git's own form and kept for the host. A machine answers one request, as over
//! HTTP; the repository is handed in for each piece, so it may change between two of them as far as it keeps its objects.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::capabilities::{Service, write_v2};
use super::fetch::FetchResponse;
use super::fetch_error::FetchError;
use super::ls_refs::{Advertisement, LsRefsResponse};
use super::pkt_line::{Band, printable, write_error, write_flush, write_line, write_parts};
use super::request::{Command, RequestError, RequestReader, Version};
use super::served::{CHUNK_BYTES, ServeOptions, Served};
use crate::{ObjectId, ObjectSource};

/// Why a request to upload-pack failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeError {
    /// The client said what makes no sense, or too much.
    Request(RequestError),
    /// The request cannot be answered.
    Fetch(FetchError),
}

impl core::fmt::Display for ServeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Request(error) => write!(f, "{error}"),
            Self::Fetch(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ServeError {}

/// Answers one request to upload-pack.
pub struct UploadPack {
    version: Version,
    options: ServeOptions,
    state: State,
    failure: Option<ServeError>,
}

enum State {
    Reading(Box<RequestReader>),
    Refused,
    Capabilities,
    Advertising(Option<Advertisement>),
    LsRefs(LsRefsResponse),
    Fetch(Box<FetchResponse>),
    ObjectInfo { ids: Vec<ObjectId>, size: bool },
    Ended,
}

impl UploadPack {
    /// Waits for a request in this version.
    pub fn new(version: Version, options: ServeOptions) -> Self {
        let reader = RequestReader::new(version, &options.limits);
        Self { version, options, state: State::Reading(Box::new(reader)), failure: None }
    }

    /// Answers `GET info/refs`: no input follows.
    pub fn advertise(version: Version, options: ServeOptions) -> Self {
        let state = match version {
            Version::V2 => State::Capabilities,
            _ => State::Advertising(None),
        };
        Self { version, options, state, failure: None }
    }

    /// Takes a piece of the request; what comes after an error is dropped.
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if let State::Reading(reader) = &mut self.state
            && let Err(error) = reader.push(bytes)
        {
            self.refuse(ServeError::Request(error));
        }
    }

    /// Says that the request is complete.
    pub fn end_input(&mut self) {
        let reader = match core::mem::replace(&mut self.state, State::Ended) {
            State::Reading(reader) => reader,
            other => return self.state = other,
        };
        match reader.finish() {
            Err(error) => self.refuse(ServeError::Request(error)),
            Ok(Command::LsRefs(request)) => self.state = State::LsRefs(LsRefsResponse::new(request)),
            Ok(Command::Fetch(request)) => {
                self.state = State::Fetch(Box::new(FetchResponse::new(request, self.version)));
            }
            Ok(Command::ObjectInfo { ids, size }) => self.state = State::ObjectInfo { ids, size },
            Ok(Command::Nothing) => {}
        }
    }

    /// The next piece of the answer, once the input has ended; `None` after the last. Pieces may be empty where a step of
    /// work gave nothing to send.
    pub fn next_chunk(&mut self, served: &Served<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let is_complete = match &mut self.state {
            State::Reading(_) | State::Ended => return None,
            State::Refused => {
                let text = self.failure.as_ref().map(ToString::to_string).unwrap_or_default();
                write_error(&text, &mut out);
                true
            }
            State::Capabilities => {
                write_v2(&mut out);
                true
            }
            State::Advertising(advertisement) => {
                let advertisement = advertisement.get_or_insert_with(|| {
                    Advertisement::new(Service::UploadPack, self.version == Version::V1, &mut out)
                });
                advertisement.write(served.source, served.refs, served.shallow, CHUNK_BYTES, &mut out)
            }
            State::LsRefs(response) => response.write(served.source, served.refs, CHUNK_BYTES, &mut out),
            State::ObjectInfo { ids, size } => {
                write_object_info(served.source, ids, *size, &mut out);
                true
            }
            State::Fetch(response) => match response.write(served, &self.options, &mut out) {
                Ok(is_complete) => is_complete,
                Err(error) => {
                    let text = printable(&error.to_string());
                    match response.is_banded() {
                        true => {
                            Band::Failure.write(text.as_bytes(), &mut out);
                            write_flush(&mut out);
                        }
                        false => {
                            out.clear();
                            write_error(&text, &mut out);
                        }
                    }
                    self.failure = Some(ServeError::Fetch(error));
                    true
                }
            },
        };
        if is_complete {
            self.state = State::Ended;
        }
        Some(out)
    }

    /// Why the request failed, once it has.
    pub const fn failure(&self) -> Option<&ServeError> {
        self.failure.as_ref()
    }

    fn refuse(&mut self, error: ServeError) {
        self.failure = Some(error);
        self.state = State::Refused;
    }
}

/// The sizes of objects; none for an object that is not here.
fn write_object_info(source: &dyn ObjectSource, ids: &[ObjectId], size: bool, out: &mut Vec<u8>) {
    if size {
        write_line(b"size", out);
        for id in ids {
            let bytes = source.header(id).map(|(_, bytes)| bytes.to_string()).unwrap_or_default();
            write_parts(&[&id.to_hex(), b" ", bytes.as_bytes()], out);
        }
    }
    write_flush(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ls_refs::ServedRefs;
    use crate::transport::push::ReceivePack;

    const fn is_send<T: Send>() {}

    #[test]
    fn machines_may_move_between_threads() {
        is_send::<UploadPack>();
        is_send::<ReceivePack>();
    }

    #[test]
    fn nothing_is_answered_before_the_request_has_ended() {
        let refs = ServedRefs::from_store(&crate::refs::RefStore::new());
        let store = crate::store::MemoryStore::new();
        let served = Served { source: &store, packs: &[], refs: &refs, shallow: &[] };
        let mut machine = UploadPack::new(Version::V2, ServeOptions::default());
        machine.handle_input(b"0014command=ls-refs\n");
        assert_eq!(machine.next_chunk(&served), None);
        machine.handle_input(b"0000");
        machine.end_input();
        assert_eq!(machine.next_chunk(&served), Some(b"0000".to_vec()));
        assert_eq!((machine.next_chunk(&served), machine.failure()), (None, None));
    }
}
