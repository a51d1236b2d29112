//! Searches with libFuzzer for inputs that break a target of `tests/fuzz`: a panic, a broken law, 2 s or 64 MiB.
//!
//! What it finds lands in `tests/fuzz/crashes`, where `cargo test` replays it. Inputs that reach further than others are
//! kept beside what cargo builds and are where the next search goes on. Needs a C++ compiler, on Linux or macOS.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::step::{self, cargo, read, root, target_folder};

/// Where the targets and what broke them lie.
const FOLDER: &str = "tests/fuzz";

/// What makes the compiler of the code count the ways it takes; libFuzzer reads the counts.
const COVERAGE_FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Bounds on each input: its length in bytes, its time, and the memory of all.
const BOUNDS: [&str; 3] = ["-max_len=4096", "-timeout=2", "-rss_limit_mb=1024"];

struct Options {
    targets: Vec<String>,
    seconds: u64,
    seed: u32,
}

/// Searches each target for some seconds, by default all for 60 s each from the seed 1.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = parse(arguments, &all_targets()?)?;
    let program = build()?;
    let mut broken = Vec::new();
    for target in &options.targets {
        if !search(&program, target, &options)? {
            broken.push(target.as_str());
        }
    }
    if !broken.is_empty() {
        bail!(
            "broken: {}; the inputs are in {FOLDER}/crashes, `cargo test -p govc-fuzz` replays them",
            broken.join(", ")
        );
    }
    Ok(())
}

fn parse(arguments: &[String], all: &[String]) -> Result<Options> {
    let mut options = Options { targets: all.to_vec(), seconds: 60, seed: 1 };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut number = || -> Result<u32> {
            let text = rest.next().with_context(|| format!("{argument} needs a number"))?;
            text.parse().with_context(|| format!("{argument} needs a number, not '{text}'"))
        };
        match argument.as_str() {
            "--seconds" => options.seconds = number()?.into(),
            "--seed" => options.seed = number()?,
            "all" => options.targets = all.to_vec(),
            name if all.iter().any(|target| target == name) => options.targets = vec![name.to_owned()],
            name => bail!("there is no target '{name}', but {}", all.join(", ")),
        }
    }
    Ok(options)
}

/// The names of the files that hold one each.
fn all_targets() -> Result<Vec<String>> {
    let folder = root().join(FOLDER).join("src/targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        names.extend((name != "mod").then_some(name));
    }
    names.sort_unstable();
    Ok(names)
}

fn build() -> Result<PathBuf> {
    let version = read(step::program("rustc", ".", &["-vV"]).env_remove("RUSTUP_TOOLCHAIN"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    // With a target named, the flags are not for build scripts.
    let arguments = [
        "build",
        "--package",
        "govc-fuzz",
        "--bin",
        "fuzz",
        "--features",
        "guided",
        "--profile",
        "fuzz",
        "--target",
        host,
    ];
    step::run(cargo(&arguments).env("RUSTFLAGS", COVERAGE_FLAGS))?;
    Ok(target_folder()?.join(host).join("fuzz/fuzz"))
}

/// Whether the target holds. What libFuzzer says goes to a file beside the corpus.
fn search(program: &Path, target: &str, options: &Options) -> Result<bool> {
    let corpus = target_folder()?.join("fuzz-corpus").join(target);
    let crashes = root().join(FOLDER).join("crashes").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&crashes)?;
    let log = corpus.with_extension("log");
    let status = step::program(&program.to_string_lossy(), ".", &BOUNDS)
        .arg(format!("-max_total_time={}", options.seconds))
        .arg(format!("-seed={}", options.seed))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg("-print_final_stats=1")
        .arg(&corpus)
        .env("GOVC_FUZZ_TARGET", target)
        .env("GOVC_FUZZ_SEEDS", &corpus)
        .stdout(File::create(corpus.with_extension("out"))?)
        .stderr(File::create(&log)?)
        .status()
        .with_context(|| format!("{} did not start", program.display()))?;
    // Not empty where something was found; an empty one is not kept.
    let _ = fs::remove_dir(&crashes);
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let done = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let executions = done.map_or("an unknown number of", str::trim);
    println!("{target:<12} {executions} executions within {} s from seed {}", options.seconds, options.seed);
    if !status.success() {
        let telling = ["panicked at", "ERROR:", "Test unit written", "artifact_prefix", "Base64:"];
        let tells = |line: &&str| telling.iter().any(|word| line.contains(word));
        said.lines().filter(tells).for_each(|line| println!("    {line}"));
        println!("    all of it: {}", log.display());
    }
    Ok(status.success())
}
