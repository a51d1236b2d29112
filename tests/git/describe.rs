//! Names of commits by their tags against `git describe`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use govc_git::ObjectId;
use govc_git::refs::Expected;
use govc_git::refs::{NewValue, RefName, RefStore, RefUpdate};
use govc_git::rev::{CommitGraph, DescribeOptions, describe};
use govc_tests::{Dates, Random, TestRepo, history};

/// Tags commits: annotated and not, several on one commit, of equal and of unlike dates, tags of tags, one by another
/// name than its own.
fn tag(repo: &TestRepo, ids: &[ObjectId], random: &mut Random, count: usize) {
    let mut stream = String::new();
    for number in 0..count {
        let id = ids[random.below(ids.len())];
        let name = format!("{}{number}", ["v", "rc/", "x-"][random.below(3)]);
        if random.chance(40) {
            writeln!(stream, "reset refs/tags/{name}\nfrom {id}\n").unwrap();
            continue;
        }
        let date = 1_000_000_000 + random.below(5) as u64;
        writeln!(stream, "tag {name}\nfrom {id}\ntagger T <t> {date} +0000\ndata 2\nx\n").unwrap();
    }
    repo.git_bytes(&["fast-import", "--quiet", "--date-format=raw-permissive"], stream.as_bytes());
    if count > 5 {
        let named = repo.git(&["for-each-ref", "--format=%(refname:short) %(objecttype)", "refs/tags"]);
        let annotated: Vec<&str> = named.lines().filter_map(|line| line.strip_suffix(" tag")).collect();
        repo.git(&["tag", "-a", "-m", "x", "of-tag", annotated[0]]);
        repo.git(&["update-ref", "refs/tags/other-name", &format!("refs/tags/{}", annotated[1])]);
        repo.git(&["tag", "-d", annotated[1]]);
        repo.git(&["tag", "of-tree", "HEAD^{tree}"]);
    }
}

fn refs(repo: &TestRepo) -> RefStore {
    let mut refs = RefStore::new();
    let listed = repo.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    let updates: Vec<RefUpdate> = listed
        .lines()
        .map(|line| RefUpdate {
            name: RefName::new(&line[41..]).unwrap(),
            expected: Expected::Missing,
            new: NewValue::Set(line[..40].parse().unwrap()),
        })
        .collect();
    refs.update(&updates).unwrap();
    refs
}

fn options(random: &mut Random) -> (Vec<String>, DescribeOptions) {
    let mut options = DescribeOptions::default();
    let mut args = Vec::new();
    let mut on = |args: &mut Vec<String>, percent, arg: &str| {
        let on = random.chance(percent);
        args.extend(on.then(|| arg.to_owned()));
        on
    };
    options.all_tags = on(&mut args, 50, "--tags");
    options.first_parent = on(&mut args, 20, "--first-parent");
    options.exact = on(&mut args, 10, "--exact-match");
    options.always = on(&mut args, 20, "--always");
    if on(&mut args, 20, "--match=v*") {
        options.matching.push("v*".into());
    }
    if on(&mut args, 10, "--match=*/[0-9]") {
        options.matching.push("*/[0-9]".into());
    }
    if on(&mut args, 20, "--exclude=*1?") {
        options.excluding.push("*1?".into());
    }
    options.long = on(&mut args, 20, "--long");
    match random.below(8) {
        0 if !options.long => options.digits = Some(0),
        1 => options.digits = Some(2),
        2 => options.digits = Some(12),
        3 => options.digits = Some(40),
        _ => {}
    }
    args.extend(options.digits.map(|digits| format!("--abbrev={digits}")));
    if !options.exact && random.chance(25) {
        options.candidates = [0, 1, 2, 3, 27, 100][random.below(6)];
        args.push(format!("--candidates={}", options.candidates));
    }
    (args, options)
}

#[test]
fn names_are_those_of_git() {
    let all = [Dates::Rising, Dates::Equal, Dates::Coarse, Dates::Skewed, Dates::Wild];
    let (mut same, mut named) = (0, 0);
    let mut different = Vec::new();
    for (round, dates) in all.iter().cycle().take(15).enumerate() {
        let (repo, ids) = history(51 + round as u64, 150, *dates);
        let mut random = Random::new(51 + round as u64);
        tag(&repo, &ids, &mut random, [1, 6, 12, 40][round % 4]);
        let (store, refs) = (repo.objects(), refs(&repo));
        let mut graph = CommitGraph::new();
        for _ in 0..40 {
            let (mut args, options) = options(&mut random);
            let id = ids[random.below(ids.len())];
            args.insert(0, "describe".into());
            args.push(id.to_string());
            let output = repo.run(&args.iter().map(String::as_str).collect::<Vec<_>>(), b"");
            let theirs = output
                .status
                .success()
                .then(|| String::from_utf8(output.stdout).unwrap().trim_end().to_owned());
            let ours =
                describe(&mut graph, &store, &refs, &id, &options, 0).ok().map(|name| name.to_string());
            named += usize::from(ours.is_some());
            if ours == theirs {
                same += 1;
            } else {
                different.push(format!("{dates:?} {args:?}: {ours:?}, git {theirs:?}"));
            }
        }
    }
    println!("{same} of {} the same, {named} of them names", same + different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}
