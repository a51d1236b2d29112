//! Runs the programs that do the work, each printed before it runs; knows where things lie.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("because xtask lies in the root of the checkout")
}

/// A program to be run in the folder `folder` of the checkout.
pub fn program(name: &str, folder: &str, arguments: &[&str]) -> Command {
    // On Windows npm is a script, which is only found under its whole name.
    let name = if cfg!(windows) && name == "npm" { "npm.cmd" } else { name };
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root().join(folder));
    command
}

/// Cargo, the one that runs this.
pub fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    program(&cargo, ".", arguments)
}

/// Prints the command, runs it with its output shown, and fails if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    println!("\n> {line}");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("`{line}` did not start"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    println!("  {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// What the command prints; fails if it fails.
pub fn read(command: &mut Command) -> Result<String> {
    let line = shown(command);
    let output = command.output().with_context(|| format!("`{line}` did not start"))?;
    if !output.status.success() {
        bail!("`{line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where cargo puts what it builds.
pub fn target_folder() -> Result<PathBuf> {
    let metadata = read(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let (_, rest) =
        metadata.split_once("\"target_directory\":\"").context("cargo metadata names no target_directory")?;
    let (folder, _) = rest.split_once('"').context("cargo metadata ends early")?;
    Ok(PathBuf::from(folder.replace("\\\\", "\\")))
}

fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    match command.get_current_dir().and_then(|folder| folder.strip_prefix(root()).ok()) {
        Some(folder) if !matches!(folder.to_str(), Some("" | ".")) => {
            format!("{line}   (in {})", folder.display())
        }
        _ => line,
    }
}
