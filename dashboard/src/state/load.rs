//! Brings a repository into the tab: its pack as it comes over the network, resolved in slices.

use govc_engine::git::ObjectId;
use govc_engine::git::limits::Limits;
use govc_engine::git::pack::PackReceiver;
use govc_engine::git::path::RepoPath;
use govc_engine::git::transport::bundle::BundleHeader;
use govc_engine::{CommitRequest, Repository};
use leptos::prelude::*;

use crate::io::{clock, fetch};
use crate::state::store::{Progress, Store};

/// Bytes that are unfolded between two looks at the clock.
const RESOLVE_BYTES: u64 = 1 << 20;

/// What lies beside the page: a pack and the refs that it brings.
#[derive(Debug)]
struct About {
    main: String,
    refs: Vec<(String, ObjectId)>,
}

/// Loads `NAME.json` and `NAME.pack` and shows the repository.
pub async fn load(store: Store, name: &str) {
    if let Err(message) = attempt(store, name).await {
        store.tell(message, true);
    }
    store.progress.set(None);
}

async fn attempt(store: Store, name: &str) -> Result<(), String> {
    let about = about(&fetch::text(&format!("{name}.json")).await?)?;
    let repository = Store::empty(&about.main)?;
    let mut receiver = PackReceiver::new(*repository.limits());
    let mut received = 0;
    fetch::bytes(&format!("{name}.pack"), |bytes| {
        received += bytes.len() as u64;
        store.progress.set(Some(Progress { phase: "Receiving bytes".into(), done: received, total: None }));
        receiver.push(bytes).map_err(|error| error.to_string())
    })
    .await?;
    finish(store, repository, receiver, about.refs).await
}

/// Opens a bundle, as `git bundle create` writes it, in place of what is shown.
pub async fn bundle(store: Store, bytes: Vec<u8>) {
    if let Err(message) = attempt_bundle(store, &bytes).await {
        store.tell(message, true);
    }
    store.progress.set(None);
}

async fn attempt_bundle(store: Store, bytes: &[u8]) -> Result<(), String> {
    let (header, pack_start) = BundleHeader::parse(bytes, &Limits::default())
        .map_err(|error| format!("the file is no bundle: {error}"))?;
    if !header.prerequisites.is_empty() {
        return Err(
            "the bundle needs commits that it does not hold: make it with `git bundle create FILE --all`"
                .to_owned(),
        );
    }
    let head = header.refs.iter().find(|(name, _)| name == "HEAD").map(|(_, id)| *id);
    let branches =
        || header.refs.iter().filter_map(|(name, id)| Some((name.strip_prefix(b"refs/heads/")?, *id)));
    let usual = || branches().find(|(name, _)| *name == b"main" || *name == b"master");
    let main = branches().find(|(_, id)| Some(*id) == head).or_else(usual).or_else(|| branches().next());
    let (main, _) = main.ok_or("the bundle holds no branch")?;
    let repository = Store::empty(&String::from_utf8_lossy(main))?;
    let mut receiver = PackReceiver::new(*repository.limits());
    receiver.push(&bytes[pack_start..]).map_err(|error| error.to_string())?;
    let refs = header.refs.iter().filter(|(name, _)| name.starts_with(b"refs/"));
    finish(store, repository, receiver, refs.map(|(name, id)| (name.to_string(), *id)).collect()).await
}

/// Opens files in place of what is shown: as one commit.
pub async fn folder(store: Store, files: Vec<(String, Vec<u8>)>) {
    let count = files.len();
    let made = || {
        let mut repository = Store::empty("main")?;
        let name = repository.reality(b"main").map_err(|error| error.to_string())?;
        let env = crate::state::store::env();
        for (path, bytes) in files {
            let path = RepoPath::new(path.as_bytes()).map_err(|error| format!("{path}: {error}"))?;
            repository.write(&name, path, None, bytes.into()).map_err(|error| error.to_string())?;
        }
        let request =
            CommitRequest { message: format!("Import {count} files").into(), ..CommitRequest::default() };
        let prepared = repository.prepare_commit(&name, request, &env).map_err(|error| error.to_string())?;
        repository.finish_commit(prepared, &env).map_err(|error| error.to_string())?;
        Ok::<_, String>(repository)
    };
    match made() {
        Ok(repository) => store.open(repository),
        Err(message) => store.tell(message, true),
    }
}

async fn finish(
    store: Store,
    mut repository: Repository,
    receiver: PackReceiver,
    refs: Vec<(String, ObjectId)>,
) -> Result<(), String> {
    let mut resolver = receiver.end().map_err(|error| error.to_string())?;
    let mut slice_end = clock::ticks_ms() + clock::SLICE_MS;
    while !resolver.is_done() {
        let step = resolver.step(repository.store(), RESOLVE_BYTES).map_err(|error| error.to_string())?;
        if clock::ticks_ms() > slice_end {
            let (done, total) = (step.done, Some(step.total));
            store.progress.set(Some(Progress { phase: "Importing objects".into(), done, total }));
            clock::next_turn().await;
            slice_end = clock::ticks_ms() + clock::SLICE_MS;
        }
    }
    let pack = resolver.finish(repository.store()).map_err(|error| error.to_string())?;
    let refs: Vec<(&[u8], ObjectId)> = refs.iter().map(|(name, id)| (name.as_bytes(), *id)).collect();
    let env = crate::state::store::env();
    repository.import(pack, &refs, &env).map_err(|error| error.to_string())?;
    store.open(repository);
    Ok(())
}

fn about(text: &str) -> Result<About, String> {
    let wrong = || "what describes the history beside this page is not as expected".to_owned();
    let value = js_sys::JSON::parse(text).map_err(|_| wrong())?;
    let field = |name: &str| js_sys::Reflect::get(&value, &name.into()).map_err(|_| wrong());
    let main = field("main")?.as_string().ok_or_else(wrong)?;
    let pairs = js_sys::Object::entries(&js_sys::Object::from(field("refs")?));
    let mut refs = Vec::new();
    for pair in pairs.iter() {
        let pair = js_sys::Array::from(&pair);
        let (name, id) =
            (pair.get(0).as_string().ok_or_else(wrong)?, pair.get(1).as_string().ok_or_else(wrong)?);
        refs.push((name, ObjectId::from_hex(id.as_bytes()).map_err(|_| wrong())?));
    }
    Ok(About { main, refs })
}
