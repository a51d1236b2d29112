//! Splits the package's module in two that share one memory: what every page loads, and what is loaded when it is asked for.
//!
//! The deferred module holds the exports that `wasm/deferred.txt` names and every function that only they reach. It imports the rest from the first
//! one, which never calls it: whatever a table of functions names stays in the first, and so do all data. Knows nothing of the
//! language that the module was written in; how the glue finds the exports of both, `glue` says.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use walrus::passes::gc;
use walrus::{
    DataKind, ExportItem, FunctionKind, GlobalKind, ImportId, ImportKind, ImportedFunction, Module,
    ModuleConfig,
};

use crate::step::root;

/// What is deferred.
const LIST: &str = "wasm/deferred.txt";
/// Under this name the deferred module imports the first one's exports.
const FIRST: &str = "govc";
/// Where the glue keeps what it calls: the exports of an instance, to which nothing can be added.
const KEEPS_EXPORTS: &str = "    wasm = instance.exports;\n";
/// What the glue gets for the second part.
const ADDS_DEFERRED: &str = "
export function addDeferred(module) {
    Object.assign(wasm, new WebAssembly.Instance(module, { govc: wasmInstance.exports }).exports);
}
";

/// The two modules.
pub struct Split {
    /// Loaded by every page.
    pub first: Vec<u8>,
    /// Loaded when it is asked for.
    pub deferred: Vec<u8>,
}

/// What the deferred module imports, by its position in the whole module.
enum Shared {
    Function(usize),
    Global(usize),
    Memory(usize),
    Table(usize),
}

/// Splits a module that has been through wasm-bindgen.
pub fn split(module: &[u8]) -> Result<Split> {
    let list = fs::read_to_string(root().join(LIST)).context(LIST)?;
    let starts: Vec<&str> = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let whole = parse(module)?;
    for start in &starts {
        let known = whole.exports.iter().any(|export| export.name.starts_with(start));
        ensure!(known, "{LIST} names {start}, with which no export of the module begins");
    }
    split_at(module, |name| is_deferred(name, &starts))
}

fn split_at(module: &[u8], is_deferred: impl Fn(&str) -> bool) -> Result<Split> {
    let stays = functions_that_stay(module, &is_deferred)?;
    let mut deferred = parse(module)?;
    remove_exports(&mut deferred, |name| !is_deferred(name));
    let shared = import_what_stays(&mut deferred, &stays)?;
    let mut first = parse(module)?;
    remove_exports(&mut first, is_deferred);
    for (position, item) in shared.iter().enumerate() {
        let item = item.find(&first).context("an item of the whole module is in neither part")?;
        first.exports.add(&position.to_string(), item);
    }
    gc::run(&mut first);
    Ok(Split { first: first.emit_wasm(), deferred: deferred.emit_wasm() })
}

/// The glue of the whole module, told how the deferred one is added.
pub fn glue(text: &str) -> Result<String> {
    ensure!(
        text.matches(KEEPS_EXPORTS).count() == 1,
        "the glue keeps its exports in another way than `split` knows"
    );
    Ok(text.replace(KEEPS_EXPORTS, "    wasm = { ...instance.exports };\n") + ADDS_DEFERRED)
}

/// The declarations of the glue with what `glue` adds.
pub fn declarations(text: &str) -> String {
    format!(
        "{text}\n/** Adds the deferred part of the module. */\nexport function addDeferred(module: WebAssembly.Module): void;\n"
    )
}

fn is_deferred(name: &str, starts: &[&str]) -> bool {
    let name = name.strip_prefix("__wbg_").unwrap_or(name);
    starts.iter().any(|start| name.starts_with(start))
}

fn parse(module: &[u8]) -> Result<Module> {
    ModuleConfig::new().generate_name_section(false).generate_producers_section(false).parse(module)
}

fn remove_exports(module: &mut Module, which: impl Fn(&str) -> bool) {
    let removed: Vec<_> =
        module.exports.iter().filter(|export| which(&export.name)).map(|export| export.id()).collect();
    for id in removed {
        module.exports.delete(id);
    }
}

/// What the exports that are not deferred reach, and what the host gives.
fn functions_that_stay(module: &[u8], is_deferred: impl Fn(&str) -> bool) -> Result<BTreeSet<usize>> {
    let mut module = parse(module)?;
    let is_given = |function: &walrus::Function| matches!(function.kind, FunctionKind::Import(_));
    let given: Vec<usize> = module
        .funcs
        .iter()
        .filter(|function| is_given(function))
        .map(|function| function.id().index())
        .collect();
    remove_exports(&mut module, is_deferred);
    gc::run(&mut module);
    Ok(module.funcs.iter().map(|function| function.id().index()).chain(given).collect())
}

/// Leaves of a module what it does not share with the first one, and tells what it imports from there, by the imports' names.
fn import_what_stays(module: &mut Module, stays: &BTreeSet<usize>) -> Result<Vec<Shared>> {
    module.start = None;
    remove_segments(module)?;
    let given: Vec<ImportId> = module.imports.iter().map(|import| import.id()).collect();
    for id in given {
        module.imports.delete(id);
    }
    for function in module.funcs.iter_mut().filter(|function| stays.contains(&function.id().index())) {
        let import = module.imports.add(FIRST, "", function.id());
        function.kind = FunctionKind::Import(ImportedFunction { import, ty: function.ty() });
    }
    let globals: Vec<_> = module.globals.iter().map(|global| global.id()).collect();
    for id in globals {
        module.globals.get_mut(id).kind = GlobalKind::Import(module.imports.add(FIRST, "", id));
    }
    for memory in module.memories.iter_mut() {
        memory.import = Some(module.imports.add(FIRST, "", memory.id()));
    }
    for table in module.tables.iter_mut() {
        table.import = Some(module.imports.add(FIRST, "", table.id()));
    }
    gc::run(module);
    let mut shared = Vec::new();
    for import in module.imports.iter_mut() {
        import.name = shared.len().to_string();
        shared.push(match import.kind {
            ImportKind::Function(id) => Shared::Function(id.index()),
            ImportKind::Global(id) => Shared::Global(id.index()),
            ImportKind::Memory(id) => Shared::Memory(id.index()),
            ImportKind::Table(id) => Shared::Table(id.index()),
            ImportKind::Tag(_) => bail!("the module has exceptions, which no split knows"),
        });
    }
    Ok(shared)
}

/// Data and the functions of tables are put in place by the first module.
fn remove_segments(module: &mut Module) -> Result<()> {
    let data: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in data {
        ensure!(
            matches!(module.data.get(id).kind, DataKind::Active { .. }),
            "data that code puts in place is not split"
        );
        module.data.delete(id);
    }
    let elements: Vec<_> = module.elements.iter().map(|element| element.id()).collect();
    for id in elements {
        module.elements.delete(id);
    }
    for memory in module.memories.iter_mut() {
        memory.data_segments.clear();
    }
    for table in module.tables.iter_mut() {
        table.elem_segments.clear();
    }
    Ok(())
}

impl Shared {
    fn find(&self, module: &Module) -> Option<ExportItem> {
        match *self {
            Shared::Function(at) => {
                module.funcs.iter().map(|item| item.id()).find(|id| id.index() == at).map(Into::into)
            }
            Shared::Global(at) => {
                module.globals.iter().map(|item| item.id()).find(|id| id.index() == at).map(Into::into)
            }
            Shared::Memory(at) => {
                module.memories.iter().map(|item| item.id()).find(|id| id.index() == at).map(Into::into)
            }
            Shared::Table(at) => {
                module.tables.iter().map(|item| item.id()).find(|id| id.index() == at).map(Into::into)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_deferred_class_is_deferred() {
        let starts = ["gitexchange_", "repository_keepLog"];
        assert!(is_deferred("gitexchange_new_0123456789abcdef", &starts));
        assert!(is_deferred("__wbg_gitexchange_free", &starts));
        assert!(!is_deferred("__wbg_repository_free", &starts));
    }

    #[test]
    fn a_glue_of_another_form_is_refused() {
        let text = glue("{\n    wasm = instance.exports;\n}\n").unwrap();
        assert!(text.starts_with("{\n    wasm = { ...instance.exports };\n}\n"));
        assert!(text.contains("addDeferred"));
        assert!(glue("wasm = other;").is_err());
    }
}
