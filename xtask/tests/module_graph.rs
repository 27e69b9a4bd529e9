//! What depends on what is drawn from the sources, file by file, and goes one way: no module of these crates depends on
//! itself through others. A module and those inside of it count as neighbours in one house: `mod.rs` may use its
//! files, and they may use what it declares. Generated bindings are left out: they name the types of resources, which name
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

/// A module by the names of its path; the crate itself is empty.
type Module = Vec<String>;

/// Which modules each module names.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// The paths that a file names, as they stand there. What is compiled for tests alone is left out.
#[derive(Default)]
struct Names(Vec<Vec<String>>);

impl Names {
    fn tree(&mut self, mut before: Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.tree(before.clone(), tree));
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.0.push(before);
            }
            syn::UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.0.push(before);
            }
            syn::UseTree::Glob(_) => self.0.push(before),
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let of_tests = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
        // Modules inside of a file name things from one level further down; there are few, and they hold constants.
        if !of_tests && module.content.is_none() {
            visit::visit_item_mod(self, module);
        }
    }
}

/// Adds the files below `folder`, which is `module`, with the paths they name.
fn read(folder: &Path, module: &Module, files: &mut BTreeMap<Module, Vec<Vec<String>>>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let inside: Module = module.iter().cloned().chain([stem.clone()]).collect();
        if matches!(stem.as_str(), "tests" | "testing" | "bindings") {
            continue;
        } else if path.is_dir() {
            read(&path, &inside, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let mut names = Names::default();
            let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            names.visit_file(&file);
            let own = if matches!(stem.as_str(), "mod" | "lib" | "main") { module.clone() } else { inside };
            files.entry(own).or_default().append(&mut names.0);
        }
    }
}

/// Which module a path named in `module` leads to, if it is one of this crate.
fn target(module: &Module, path: &[String], files: &BTreeMap<Module, Vec<Vec<String>>>) -> Option<Module> {
    let mut place = module.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => (place, rest) = (Module::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while let Some((_, after)) = rest.split_first().filter(|(first, _)| *first == "super") {
                place.pop();
                rest = after;
            }
        }
        _ => return None,
    }
    place.extend(rest.iter().cloned());
    while !files.contains_key(&place) {
        place.pop()?;
    }
    Some(place)
}

fn graph(source: &Path) -> Graph {
    let mut files = BTreeMap::new();
    read(source, &Module::new(), &mut files);
    let neighbours = |one: &Module, other: &Module| one.starts_with(other) || other.starts_with(one);
    let edges = |module: &Module, paths: &[Vec<String>]| {
        let targets = paths.iter().filter_map(|path| target(module, path, &files));
        targets.filter(|target| !neighbours(target, module)).collect()
    };
    files.iter().map(|(module, paths)| (module.clone(), edges(module, paths))).collect()
}

/// Takes away what depends on nothing that is left, again and again; what stays stands in a circle, or above one.
fn circles(mut graph: Graph) -> Graph {
    loop {
        let before = graph.len();
        let left: BTreeSet<Module> = graph.keys().cloned().collect();
        graph.retain(|_, targets| targets.iter().any(|target| left.contains(target)));
        if graph.len() == before {
            return graph;
        }
    }
}

fn shown(graph: &Graph) -> String {
    let name = |module: &Module| module.join("::");
    let line = |(module, targets): (&Module, &BTreeSet<Module>)| {
        let stays: Vec<String> =
            targets.iter().filter(|target| graph.contains_key(*target)).map(name).collect();
        format!("{} -> {}\n", name(module), stays.join(", "))
    };
    graph.iter().map(line).collect()
}

#[test]
fn modules_depend_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut edges = 0;
    for (source, least) in [
        ("stack-component/core/src", 100),
        ("stack-component/src", 25),
        ("host/src", 80),
        ("e1000-regs/src", 5),
        ("tests/packetdrill/src", 50),
        ("tests/packetdrill-machine/src", 20),
        ("xtask/src", 15),
    ] {
        let graph = graph(&root.join(source));
        assert!(graph.len() > least, "{source}: only {} modules were found", graph.len());
        edges += graph.values().map(BTreeSet::len).sum::<usize>();
        let circles = circles(graph);
        assert!(
            circles.is_empty(),
            "{source}: these modules depend on each other in a circle:\n{}",
            shown(&circles)
        );
    }
    assert!(edges > 800, "only {edges} dependencies were found");
}

#[test]
fn a_circle_would_be_found() {
    let module = |name: &str| vec![name.to_owned()];
    let edges = |to: &[&str]| to.iter().map(|name| module(name)).collect::<BTreeSet<_>>();
    let straight: Graph =
        [(module("a"), edges(&["b", "c"])), (module("b"), edges(&["c"])), (module("c"), edges(&[]))].into();
    assert!(circles(straight.clone()).is_empty());
    let mut round = straight;
    round.insert(module("c"), edges(&["a"]));
    assert_eq!(circles(round).len(), 3);
}
