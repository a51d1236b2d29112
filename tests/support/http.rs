//! A blocking HTTP/1.1 server on the loopback interface over the transport machines: just enough for git as a client.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use bstr::ByteSlice;
use govc_git::id::Prefix;
use govc_git::limits::Limits;
use govc_git::pack::{Pack, PackReceiver};
use govc_git::refs::{Expected, NewValue, RefName, RefStore, RefUpdate};
use govc_git::store::MemoryStore;
use govc_git::transport::bundle::BundleHeader;
use govc_git::transport::capabilities::Service;
use govc_git::transport::http::{Endpoint, HttpError, NO_CACHE, RequestHead, route};
use govc_git::transport::ls_refs::ServedRefs;
use govc_git::transport::push::{PushStep, ReceivePack};
use govc_git::transport::server::UploadPack;
use govc_git::transport::{PushPolicy, PushRequest, Refusal};
use govc_git::transport::{ServeOptions, Served};
use govc_git::{Kind, Object, ObjectId, ObjectSource, ReadError};

use crate::TestRepo;

/// A body reaches a machine in pieces of so many bytes, which end anywhere.
const PIECE_BYTES: usize = 1000;

/// A repository in memory, as a host would hold it.
#[derive(Default)]
pub struct HeldRepository {
    /// Objects of its own.
    pub store: MemoryStore,
    /// Packs.
    pub packs: Vec<Pack>,
    /// Refs.
    pub refs: RefStore,
    /// How it is served.
    pub options: ServeOptions,
    /// What a push may do.
    pub policy: PushPolicy,
    /// Where history is cut.
    pub shallow: Vec<ObjectId>,
    /// Push options that clients sent.
    pub options_seen: Vec<String>,
    /// What went wrong so far, as the machines report it to the host.
    pub failures: Vec<String>,
}

impl HeldRepository {
    /// Everything that a real repository holds: objects and refs.
    pub fn from_git(repo: &TestRepo) -> Self {
        let mut held = Self { store: repo.objects(), ..Self::default() };
        held.take_refs(repo);
        held
    }

    /// What a bundle without prerequisites holds, as one pack.
    pub fn from_bundle(bytes: &[u8]) -> Self {
        let limits = Limits::default();
        let (header, start) = BundleHeader::parse(bytes, &limits).unwrap();
        assert!(header.prerequisites.is_empty());
        let mut held = Self::default();
        held.packs.push(PackReceiver::receive(&bytes[start..], &MemoryStore::new(), limits).unwrap());
        let named = header.refs.iter().filter(|(name, _)| name.starts_with(b"refs/"));
        let mut updates: Vec<_> =
            named.map(|(name, id)| update(name.to_str().unwrap(), NewValue::Set(*id))).collect();
        updates.push(update("HEAD", NewValue::Symbolic(RefName::branch("main").unwrap())));
        held.refs.update(&updates).unwrap();
        held
    }

    /// Brings refs and new objects of a real repository over.
    pub fn update_from_git(&mut self, repo: &TestRepo) {
        for (id, object) in repo.objects().since(0) {
            self.store.insert(*id, object.clone());
        }
        self.take_refs(repo);
    }

    fn take_refs(&mut self, repo: &TestRepo) {
        self.refs = RefStore::new();
        let mut updates = Vec::new();
        for line in repo.git(&["for-each-ref", "--format=%(objectname) %(refname)"]).lines() {
            let (id, name) = line.split_once(' ').unwrap();
            updates.push(update(name, NewValue::Set(id.parse().unwrap())));
        }
        let head = repo.git(&["symbolic-ref", "HEAD"]);
        updates.push(update("HEAD", NewValue::Symbolic(RefName::new(head.trim()).unwrap())));
        self.refs.update(&updates).unwrap();
    }

    /// `<id> <name>` lines of everything under `refs/`, as `git for-each-ref` prints them with that format.
    pub fn ref_lines(&self) -> String {
        let refs = self.refs.iter_prefix(b"refs/");
        refs.map(|(name, _)| {
            let id = self.refs.resolve(name.as_ref()).unwrap().unwrap();
            format!("{id} {}\n", name.as_bstr())
        })
        .collect()
    }
}

fn update(name: &str, new: NewValue) -> RefUpdate {
    RefUpdate { name: RefName::new(name).unwrap(), expected: Expected::Any, new }
}

impl ObjectSource for HeldRepository {
    fn read(&self, id: &ObjectId) -> Result<Object, ReadError> {
        for pack in &self.packs {
            match pack.read(id) {
                Err(error) if error.is_missing() => {}
                found => return found,
            }
        }
        self.store.read(id)
    }

    fn contains(&self, id: &ObjectId) -> bool {
        self.store.contains(id) || self.packs.iter().any(|pack| pack.contains(id))
    }

    fn find_prefix(&self, prefix: &Prefix, most: usize, found: &mut Vec<ObjectId>) {
        self.store.find_prefix(prefix, most, found);
        self.packs.iter().for_each(|pack| pack.find_prefix(prefix, most, found));
    }

    fn header(&self, id: &ObjectId) -> Result<(Kind, u64), ReadError> {
        for pack in &self.packs {
            match pack.header(id) {
                Err(error) if error.is_missing() => {}
                found => return found,
            }
        }
        self.store.header(id)
    }
}

/// A server that runs until it is dropped.
pub struct GitServer {
    address: SocketAddr,
    repository: Arc<Mutex<HeldRepository>>,
    stops: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl GitServer {
    /// Serves a repository on a port of the loopback interface that is free.
    pub fn start(repository: HeldRepository) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let repository = Arc::new(Mutex::new(repository));
        let stops = Arc::new(AtomicBool::new(false));
        let (shared, stopping) = (repository.clone(), stops.clone());
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = shared.clone();
                // A client that closes early ends its own thread only.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &shared)));
            }
        });
        Self { address, repository, stops, accepting: Some(accepting) }
    }

    /// The address of the repository.
    pub fn url(&self) -> String {
        format!("http://{}/repo.git", self.address)
    }

    /// The socket's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends raw bytes as the body of a v2 request to `git-upload-pack` or `git-receive-pack`; returns the body of the
    /// answer, unchunked.
    pub fn post(&self, service: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST /repo.git/{service} HTTP/1.1\r\nContent-Type: application/x-{service}-request\r\n\
             Git-Protocol: version=2\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(body).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let start = answer.find(b"\r\n\r\n").unwrap() + 4;
        let mut rest = &answer[start..];
        let mut whole = Vec::new();
        while let Some(end) = rest.find(b"\r\n") {
            let size = usize::from_str_radix(rest[..end].to_str().unwrap(), 16).unwrap();
            whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
            rest = &rest[end + 2 + size + 2..];
        }
        whole
    }

    /// The repository, locked against the connections.
    pub fn repository(&self) -> MutexGuard<'_, HeldRepository> {
        self.repository.lock().unwrap()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees the flag.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

/// Answers one request after the other on a connection.
fn serve(stream: TcpStream, repository: &Mutex<HeldRepository>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut headers = HashMap::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim_end().split_once(':') {
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
                None => break,
            };
        }
        if headers.contains_key("expect") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = read_body(&mut reader, &headers)?;
        answer(&mut stream, line.trim_end(), &headers, &body, repository)?;
    }
}

fn read_body(reader: &mut impl BufRead, headers: &HashMap<String, String>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).unwrap();
            reader.by_ref().take(size).read_to_end(&mut body)?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length = headers.get("content-length").map_or(0, |value| value.parse().unwrap());
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn answer(
    stream: &mut TcpStream,
    request_line: &str,
    headers: &HashMap<String, String>,
    body: &[u8],
    repository: &Mutex<HeldRepository>,
) -> std::io::Result<()> {
    let mut words = request_line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    let head = RequestHead {
        method,
        path,
        query,
        content_type: header("content-type"),
        git_protocol: header("git-protocol"),
        content_encoding: header("content-encoding"),
    };
    match route(&head) {
        Err(error) => write_error(stream, &error),
        Ok(endpoint) => {
            let unzipped;
            let body = match endpoint {
                Endpoint::Answer { is_gzip: true, .. } => {
                    unzipped = gunzip(body);
                    &unzipped
                }
                _ => body,
            };
            write_head(stream, &endpoint)?;
            let HeldRepository { options, policy, .. } = *repository.lock().unwrap();
            match endpoint.service() {
                Service::UploadPack => {
                    let mut machine = match endpoint {
                        Endpoint::Advertise { version, .. } => UploadPack::advertise(version, options),
                        Endpoint::Answer { version, .. } => UploadPack::new(version, options),
                    };
                    body.chunks(PIECE_BYTES).for_each(|piece| machine.handle_input(piece));
                    machine.end_input();
                    upload_pack(stream, machine, repository)?;
                }
                Service::ReceivePack => {
                    let mut machine = match endpoint {
                        Endpoint::Advertise { version, .. } => ReceivePack::advertise(version, policy),
                        Endpoint::Answer { .. } => ReceivePack::new(policy),
                    };
                    body.chunks(PIECE_BYTES).for_each(|piece| machine.handle_input(piece));
                    machine.end_input();
                    receive_pack(stream, machine, repository)?;
                }
            }
            stream.write_all(b"0\r\n\r\n")
        }
    }
}

fn upload_pack(
    stream: &mut TcpStream,
    mut machine: UploadPack,
    repository: &Mutex<HeldRepository>,
) -> std::io::Result<()> {
    let refs = ServedRefs::from_store(&repository.lock().unwrap().refs);
    loop {
        // Locked for each piece only: other connections go on in between.
        let mut held = repository.lock().unwrap();
        let packs: Vec<&Pack> = held.packs.iter().collect();
        let served = Served { source: &*held, packs: &packs, refs: &refs, shallow: &held.shallow };
        let chunk = machine.next_chunk(&served);
        drop(packs);
        if let (None, Some(failure)) = (&chunk, machine.failure()) {
            held.failures.push(failure.to_string());
        }
        drop(held);
        match chunk {
            Some(chunk) => write_chunk(stream, &chunk)?,
            None => return Ok(()),
        }
    }
}

fn receive_pack(
    stream: &mut TcpStream,
    mut machine: ReceivePack,
    repository: &Mutex<HeldRepository>,
) -> std::io::Result<()> {
    let refs = ServedRefs::from_store(&repository.lock().unwrap().refs);
    loop {
        let mut held = repository.lock().unwrap();
        let served = Served { source: &*held, packs: &[], refs: &refs, shallow: &held.shallow };
        match machine.step(&served) {
            PushStep::Working => {}
            PushStep::Decide => {
                let request = machine.request().unwrap();
                decide(request, &mut held);
                machine.decided();
            }
            PushStep::Answer => break,
        }
    }
    let mut held = repository.lock().unwrap();
    if let Some(failure) = machine.failure() {
        held.failures.push(failure.to_string());
    }
    let served = Served { source: &*held, packs: &[], refs: &refs, shallow: &held.shallow };
    while let Some(chunk) = machine.next_chunk(&served) {
        write_chunk(stream, &chunk)?;
    }
    Ok(())
}

/// What a host does with a push: its hook may refuse, then objects become visible and refs move.
fn decide(request: &mut PushRequest, held: &mut HeldRepository) {
    held.options_seen.extend(request.options.iter().map(ToString::to_string));
    for update in request.updates.iter_mut().filter(|update| update.name.starts_with(b"refs/heads/locked")) {
        update.verdict = Err(Refusal::Host("the host says no".into()));
    }
    if request.has_accepted()
        && let Some(pack) = request.pack.take()
    {
        held.packs.push(pack);
    }
    request.apply(&mut held.refs);
}

fn write_head(stream: &mut TcpStream, endpoint: &Endpoint) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n", endpoint.content_type())?;
    for (name, value) in NO_CACHE {
        write!(stream, "{name}: {value}\r\n")?;
    }
    stream.write_all(b"Transfer-Encoding: chunked\r\n\r\n")
}

fn write_chunk(stream: &mut TcpStream, chunk: &[u8]) -> std::io::Result<()> {
    if chunk.is_empty() {
        return Ok(());
    }
    let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
    framed.extend_from_slice(chunk);
    framed.extend_from_slice(b"\r\n");
    stream.write_all(&framed)
}

fn write_error(stream: &mut TcpStream, error: &HttpError) -> std::io::Result<()> {
    let HttpError { status, text } = error;
    write!(
        stream,
        "HTTP/1.1 {status} Refused\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// Gunzips with the command of that name.
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-dc")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A broken stream closes the pipe early.
        scope.spawn(move || drop(stdin.write_all(bytes)));
        child.wait_with_output().unwrap().stdout
    })
}
