//! Packs a history for the page: this checkout's own, or one commit of its files where the history is not whole.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::step::{program, read, target_folder};

/// Writes `history.pack` and `history.json` (branch, refs, a note where there is one to make) into `folder`.
pub fn pack_into(folder: &Path) -> Result<()> {
    let whole = git(&[], &["rev-parse", "--is-shallow-repository"])
        .is_ok_and(|answer| answer.trim() == "false")
        && git(&[], &["rev-parse", "--verify", "-q", "HEAD^{commit}"]).is_ok();
    if whole {
        println!("\n> packing this checkout's history");
        return write(&[], folder, "");
    }
    let note = "This checkout has no whole history, so the repository here is one commit of its files.";
    println!("\n> packing this checkout's files: it has no whole history");
    let repository = target_folder()?.join("start/files.git");
    if repository.exists() {
        fs::remove_dir_all(&repository)?;
    }
    fs::create_dir_all(&repository)?;
    let place = format!("--git-dir={}", repository.display());
    let place = [place.as_str(), "--work-tree=."];
    git(&place, &["init", "-q", "--initial-branch=main"])?;
    git(&place, &["add", "--all"])?;
    let author = ["-c", "user.name=govc", "-c", "user.email=govc@example.com", "-c", "commit.gpgsign=false"];
    git(&[place.as_slice(), &author].concat(), &["commit", "-q", "-m", "The files of this checkout"])?;
    write(&place, folder, note)
}

fn write(place: &[&str], folder: &Path, note: &str) -> Result<()> {
    let head = git(place, &["rev-parse", "HEAD"])?.trim().to_owned();
    let branch = git(place, &["symbolic-ref", "-q", "--short", "HEAD"]);
    let branch = branch.map_or_else(|_| "main".to_owned(), |name| name.trim().to_owned());
    let mut refs = vec![(format!("refs/heads/{branch}"), head)];
    for line in git(place, &["for-each-ref", "--format=%(objectname) %(refname)", "refs/tags"])?.lines() {
        refs.extend(line.split_once(' ').map(|(id, name)| (name.to_owned(), id.to_owned())));
    }
    pack(place, &refs, &folder.join("history.pack"))?;
    let mut json =
        format!("{{\n  \"main\": {},\n  \"note\": {},\n  \"refs\": {{", quoted(&branch), quoted(note));
    for (at, (name, id)) in refs.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(json, "{comma}\n    {}: {}", quoted(name), quoted(id))?;
    }
    json.push_str("\n  }\n}\n");
    fs::write(folder.join("history.json"), json)?;
    Ok(())
}

fn pack(place: &[&str], refs: &[(String, String)], path: &Path) -> Result<()> {
    let mut command = program("git", ".", place);
    command.args(["pack-objects", "--revs", "--stdout", "--delta-base-offset", "-q"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(File::create(path)?).spawn().context("git pack-objects")?;
    let mut input = child.stdin.take().context("git pack-objects takes no input")?;
    for (_, id) in refs {
        writeln!(input, "{id}")?;
    }
    drop(input);
    let status = child.wait()?;
    if !status.success() {
        bail!("git pack-objects failed ({status})");
    }
    Ok(())
}

fn git(place: &[&str], arguments: &[&str]) -> Result<String> {
    read(program("git", ".", place).args(arguments))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(letter)).chars()),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
