//! What a visitor loads, in bytes: raw, gzip and brotli; and the budget for it.

use std::fs;
use std::io::Write;

use anyhow::{Result, bail};

use crate::npm;
use crate::step::root;

/// Most that module and JavaScript of a page may weigh together, as gzip -9: the weight of three photographs.
const GZIP_BYTES_MAX: usize = 250_000;

struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Builds the package and prints its weight.
pub fn run() -> Result<()> {
    npm::build()?;
    check()
}

/// Prints the weight of what was built; fails beyond the budget.
pub fn check() -> Result<()> {
    let folder = root().join("wasm/dist");
    println!("\n{:<24} {:>9} {:>9} {:>9}", "loaded by a page", "raw", "gzip", "brotli");
    let mut total = Weight { raw: 0, gzip: 0, brotli: 0 };
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name == "govc_bg.wasm" || name == "browser.js" || name.starts_with("chunk-"));
    names.sort_unstable();
    for name in &names {
        let weight = weigh(&fs::read(folder.join(name))?)?;
        print(name, &weight);
        total.raw += weight.raw;
        total.gzip += weight.gzip;
        total.brotli += weight.brotli;
    }
    print("together", &total);
    if total.gzip > GZIP_BYTES_MAX {
        bail!("a page loads {} bytes (gzip): the budget is {GZIP_BYTES_MAX}", total.gzip);
    }
    Ok(())
}

fn print(name: &str, weight: &Weight) {
    println!("{name:<24} {:>9} {:>9} {:>9}", weight.raw, weight.gzip, weight.brotli);
}

fn weigh(bytes: &[u8]) -> Result<Weight> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut brotli, &brotli::enc::BrotliEncoderParams::default())?;
    Ok(Weight { raw: bytes.len(), gzip: gzip.finish()?.len(), brotli: brotli.len() })
}
