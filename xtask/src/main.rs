//! The project's commands, run as `cargo xtask COMMAND`.
//!
//! Each does its own set-up or says in one line what is missing. Nothing here knows a product crate: what is built
//! and tested is reached through cargo, npm and node, as a user reaches it.
//!
//! Modules, foundations first; a module uses only those above it: `step`, `setup`, `imports`, `split`, `wasm`, `npm`, `size`,
//! `dashboard`, `history`, `site`, `start`, `tidy`, `check`, `test`, `bench`, `fuzz`.

mod bench;
mod check;
mod dashboard;
mod fuzz;
mod history;
mod imports;
mod npm;
mod setup;
mod site;
mod size;
mod split;
mod start;
mod step;
mod test;
mod tidy;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};

struct Command {
    name: &'static str,
    about: &'static str,
    run: Run,
}

enum Run {
    Alone(fn() -> Result<()>),
    WithArguments(fn(&[String]) -> Result<()>),
}

const COMMANDS: &[Command] = &[
    Command {
        name: "start",
        about: "builds all, serves the page in which a whole repository lives",
        run: Run::Alone(start::run),
    },
    Command {
        name: "bench",
        about: "measures the npm package on Node beside isomorphic-git and native git",
        run: Run::Alone(bench::run),
    },
    Command {
        name: "check",
        about: "the fast part of `test`: format, lints, Rust tests, builds, types, size",
        run: Run::Alone(check::run),
    },
    Command {
        name: "fuzz",
        about: "searches for inputs that break a parser: [TARGET|all] [--seconds N] [--seed S]",
        run: Run::WithArguments(fuzz::run),
    },
    Command { name: "dashboard", about: "builds the dashboard", run: Run::Alone(dashboard::build) },
    Command { name: "npm", about: "builds the npm package and packs it", run: Run::Alone(npm::run) },
    Command {
        name: "site",
        about: "builds the pages of the site over what is there, from documents and declarations",
        run: Run::Alone(site::build),
    },
    Command {
        name: "size",
        about: "prints what a visitor loads: raw, gzip and brotli",
        run: Run::Alone(size::run),
    },
    Command {
        name: "tidy",
        about: "what no compiler checks: arrows, lengths, headers, words",
        run: Run::Alone(tidy::run),
    },
    Command { name: "test", about: "everything that CI runs", run: Run::Alone(test::run) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        None | Some("help" | "--help" | "-h") => {
            print_help();
            Ok(())
        }
        Some(name) => run(name, &arguments[1..]),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, rest: &[String]) -> Result<()> {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        print_help();
        bail!("there is no command '{name}'");
    };
    match (&command.run, rest.first()) {
        (Run::WithArguments(run), _) => run(rest),
        (Run::Alone(run), None) => run(),
        (Run::Alone(_), Some(argument)) => bail!("'{name}' takes no argument, but there is '{argument}'"),
    }
}

fn print_help() {
    println!("cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {:<7} {}", command.name, command.about);
    }
}
