//! Brings a repository into the tab: its pack as it comes over the network, resolved in slices.

use govc_engine::git::ObjectId;
use govc_engine::git::limits::Limits;
use govc_engine::git::pack::{Pack, PackReceiver};
use govc_engine::git::path::RepoPath;
use govc_engine::git::refs::{RefName, RefTarget};
use govc_engine::git::transport::bundle::BundleHeader;
use govc_engine::{CommitRequest, Repository};
use leptos::prelude::*;

use crate::io::{clock, fetch};
use crate::model::link::{Link, View};
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
    let repository = finish(store, repository, receiver, about.refs).await?;
    // Unless something else was chosen while this came.
    if store.version.get_untracked() == 0 {
        store.open(repository);
    }
    Ok(())
}

/// Opens a bundle, as `git bundle create` writes it, in place of what is shown.
pub async fn bundle(store: Store, bytes: Vec<u8>, limits: Limits) {
    if let Err(message) = attempt_bundle(store, &bytes, limits).await {
        store.tell(message, true);
    }
    store.progress.set(None);
}

/// Bounds on a repository that came in a link: whoever wrote that did not have to send what it unfolds to.
pub fn link_limits() -> Limits {
    Limits {
        object_bytes_max: 16 << 20,
        pack_objects_max: 10_000,
        pack_unfolded_bytes_max: 256 << 20,
        ..Limits::default()
    }
}

async fn attempt_bundle(store: Store, bytes: &[u8], limits: Limits) -> Result<(), String> {
    let (header, pack_start) =
        BundleHeader::parse(bytes, &limits).map_err(|error| format!("the file is no bundle: {error}"))?;
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
    let repository = Repository::new(main, limits).map_err(|error| error.to_string())?;
    let mut receiver = PackReceiver::new(*repository.limits());
    receiver.push(&bytes[pack_start..]).map_err(|error| error.to_string())?;
    let refs = header.refs.iter().filter(|(name, _)| name.starts_with(b"refs/"));
    let refs = refs.map(|(name, id)| (name.to_string(), *id)).collect();
    store.open(finish(store, repository, receiver, refs).await?);
    Ok(())
}

/// Opens a repository without a commit in place of what is shown, ready to be written in.
pub fn empty(store: Store) {
    match Store::empty("main") {
        Ok(repository) => {
            store.open(repository);
            let link = Link { view: View::Playground, reality: Some("main".to_owned()), ..Link::default() };
            store.show(true, |seen| *seen = link);
        }
        Err(message) => store.tell(message, true),
    }
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

/// Opens what a storage would hold in place of what is shown: its log of operations comes along.
pub async fn stored(store: Store, packs: Vec<Vec<u8>>, refs: Vec<(String, String)>) -> Result<(), String> {
    let mut repository = Store::empty("main")?;
    for pack in packs {
        let mut receiver = PackReceiver::new(*repository.limits());
        receiver.push(&pack).map_err(|error| error.to_string())?;
        let pack = resolved(store, &repository, receiver).await?;
        repository.load_pack(pack).map_err(|error| error.to_string())?;
    }
    let refs: Result<Vec<_>, String> = refs.into_iter().map(stored_ref).collect();
    repository.load_refs(refs?).map_err(|error| error.to_string())?;
    let env = crate::state::store::env();
    repository.keep_log(b"main", true, &env).map_err(|error| error.to_string())?;
    store.open(repository);
    Ok(())
}

fn stored_ref((name, target): (String, String)) -> Result<(RefName, RefTarget), String> {
    let name = RefName::new(name.into_bytes()).map_err(|error| error.to_string())?;
    let target = match target.strip_prefix("ref: ") {
        Some(target) => RefName::new(target.as_bytes()).map_err(|error| error.to_string())?.into(),
        None => ObjectId::from_hex(target.as_bytes()).map_err(|error| error.to_string())?.into(),
    };
    Ok((name, target))
}

async fn finish(
    store: Store,
    mut repository: Repository,
    receiver: PackReceiver,
    refs: Vec<(String, ObjectId)>,
) -> Result<Repository, String> {
    let pack = resolved(store, &repository, receiver).await?;
    let refs: Vec<(&[u8], ObjectId)> = refs.iter().map(|(name, id)| (name.as_bytes(), *id)).collect();
    let env = crate::state::store::env();
    repository.import(pack, &refs, &env).map_err(|error| error.to_string())?;
    Ok(repository)
}

/// The pack that was received, when all of its deltas are resolved.
async fn resolved(store: Store, repository: &Repository, receiver: PackReceiver) -> Result<Pack, String> {
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
    resolver.finish(repository.store()).map_err(|error| error.to_string())
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
