//! From bytes to a component, and what is said when they are not the right ones.

use std::fmt;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wasmtime::{Engine, Error};

/// The first eight bytes of a component (binary format of the component model, layer 1).
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// The first eight bytes of a core module.
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// How the validator calls what WASI 0.3 needs.
const ASYNC_FEATURE: &str = "component model async feature";

/// Why a file is not a component that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAComponent {
    /// A core module: what compilers make for wasm32-wasip1 and wasm32-unknown-unknown.
    CoreModule,
    /// Not WebAssembly, or of a version of the binary format that nobody knows here.
    NotWebAssembly,
    /// A component with asynchronous functions: WASI 0.3.
    Asynchronous,
    /// A component that does not validate, or one that uses features which are turned off.
    Invalid(String),
}

impl fmt::Display for NotAComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAComponent::CoreModule => f.write_str(
                "it is a core WebAssembly module, not a component; build it for the target wasm32-wasip2 \
                 (or wrap it with `wasm-tools component new`)",
            ),
            NotAComponent::NotWebAssembly => f.write_str("it is not a WebAssembly component"),
            NotAComponent::Asynchronous => f.write_str(
                "it is an asynchronous component (WASI 0.3), and what is wanted is one of WASI 0.2",
            ),
            NotAComponent::Invalid(why) => write!(f, "it is not a valid component: {why}"),
        }
    }
}

/// Compiles a component, or takes it from the engine's cache.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, NotAComponent> {
    match bytes.first_chunk() {
        Some(&COMPONENT) => {}
        Some(&MODULE) => return Err(NotAComponent::CoreModule),
        _ => return Err(NotAComponent::NotWebAssembly),
    }
    Component::from_binary(engine, bytes).map_err(|error| {
        let why = one_line(&error);
        if why.contains(ASYNC_FEATURE) { NotAComponent::Asynchronous } else { NotAComponent::Invalid(why) }
    })
}

/// One thing that keeps a component from being linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkProblem {
    /// It imports what nobody provides.
    MissingImport {
        /// The interface or function that it wants, with its version.
        wanted: String,
        /// The version that there is, if there is one.
        available: Option<String>,
    },
    /// It imports what there is only for those who were granted it.
    NotGranted {
        /// The interface that it wants.
        wanted: String,
        /// The names of the grants, of which one is enough.
        grants: &'static [&'static str],
    },
    /// It does not export what it must.
    MissingExport {
        /// The interface that it should export, with its version.
        wanted: String,
        /// The version that it exports instead, if it does.
        found: Option<String>,
    },
    /// Names and versions fit, and types do not.
    Mismatch(String),
}

impl fmt::Display for LinkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkProblem::MissingImport { wanted, available: None } => {
                write!(f, "it imports {wanted}, which nobody provides")
            }
            LinkProblem::MissingImport { wanted, available: Some(available) } => {
                write!(f, "it imports {wanted}, and what is provided is {available}")
            }
            LinkProblem::NotGranted { wanted, grants } => {
                let options: Vec<_> = grants.iter().map(|grant| format!("--grant {grant}")).collect();
                write!(f, "it imports {wanted}, which it was not granted ({})", options.join(" or "))
            }
            LinkProblem::MissingExport { wanted, found: None } => write!(f, "it does not export {wanted}"),
            LinkProblem::MissingExport { wanted, found: Some(found) } => {
                write!(f, "it does not export {wanted} but {found}")
            }
            LinkProblem::Mismatch(text) => f.write_str(text),
        }
    }
}

/// Problems that are told of a component. One that lacks more is not meant to be what it was taken for.
const MAX_PROBLEMS_TOLD: usize = 4;

/// Writes the problems one after the other.
pub(crate) fn write_problems(f: &mut fmt::Formatter<'_>, problems: &[LinkProblem]) -> fmt::Result {
    for (index, problem) in problems.iter().take(MAX_PROBLEMS_TOLD).enumerate() {
        write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
    }
    match problems.len().saturating_sub(MAX_PROBLEMS_TOLD) {
        0 => Ok(()),
        more => write!(f, "; and {more} more"),
    }
}

/// Which of the `wanted` interfaces the component does not export, a compatible version being good enough.
pub(crate) fn missing_exports(component: &Component, wanted: &[&str]) -> Vec<LinkProblem> {
    let missing = wanted.iter().filter(|name| component.get_export_index(None, name).is_none());
    let exports: Vec<String> = export_names(component).collect();
    missing
        .map(|name| LinkProblem::MissingExport {
            wanted: (*name).into(),
            found: other_version(exports.iter().map(String::as_str), name),
        })
        .collect()
}

/// Which imports of the component `is_provided` says no to. `available` are the names that there are.
pub(crate) fn missing_imports(
    component: &Component,
    available: &[&str],
    is_provided: impl Fn(&str) -> bool,
) -> Vec<LinkProblem> {
    imports(component)
        .into_iter()
        .filter(|(name, _)| !is_provided(name))
        .map(|(wanted, _)| LinkProblem::MissingImport {
            available: other_version(available.iter().copied(), &wanted),
            wanted,
        })
        .collect()
}

/// What the component imports.
pub(crate) fn imports(component: &Component) -> Vec<(String, ComponentItem)> {
    let engine = component.engine().clone();
    let all = component.component_type();
    all.imports(&engine).map(|(name, item)| (name.to_string(), item.ty)).collect()
}

fn export_names(component: &Component) -> impl Iterator<Item = String> + use<> {
    let engine = component.engine().clone();
    let all = component.component_type();
    let names: Vec<_> = all.exports(&engine).map(|(name, _)| name.to_string()).collect();
    names.into_iter()
}

/// Of `names`, the one that is `wanted` in another version.
fn other_version<'a>(mut names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let (wanted, _) = split_version(wanted);
    names.find(|name| split_version(name).0 == wanted).map(str::to_owned)
}

/// The name of an interface without its version, and the version.
pub(crate) fn split_version(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)))
}

/// Whether this is an interface of WASI 0.2, in whatever patch version.
pub(crate) fn is_wasi_0_2(name: &str) -> bool {
    let (name, version) = split_version(name);
    name.starts_with("wasi:") && version.is_some_and(|version| version.starts_with("0.2."))
}

/// Whether this is an interface of WASI 0.3, in whatever patch version.
pub(crate) fn is_wasi_0_3(name: &str) -> bool {
    let (name, version) = split_version(name);
    name.starts_with("wasi:") && version.is_some_and(|version| version.starts_with("0.3."))
}

/// Whether the component imports or exports anything of WASI 0.3.
pub(crate) fn knows_wasi_0_3(component: &Component) -> bool {
    imports(component).iter().any(|(name, _)| is_wasi_0_3(name))
        || export_names(component).any(|name| is_wasi_0_3(&name))
}

/// An error with its causes, in one line.
pub(crate) fn one_line(error: &Error) -> String {
    let text = format!("{error:#}");
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_told_apart() {
        let engine = Engine::default();
        for (bytes, expected) in [
            (&b""[..], NotAComponent::NotWebAssembly),
            (b"\0asm", NotAComponent::NotWebAssembly),
            (b"#!/bin/sh\n", NotAComponent::NotWebAssembly),
            (b"\0asm\x0d\0\x02\0", NotAComponent::NotWebAssembly),
            (b"\0asm\x01\0\0\0", NotAComponent::CoreModule),
        ] {
            assert_eq!(compile(&engine, bytes).err(), Some(expected), "{bytes:?}");
        }
        let truncated = b"\0asm\x0d\0\x01\0\x07";
        assert!(matches!(compile(&engine, truncated).err(), Some(NotAComponent::Invalid(_))));
        assert!(compile(&engine, &COMPONENT).is_ok(), "the empty component is one");
    }

    #[test]
    fn missing_exports_name_the_version_found() {
        let engine = Engine::default();
        let wat = r#"(component
            (component $i)
            (instance $x (instantiate $i))
            (export "wasi:sockets/tcp@0.3.0" (instance $x))
            (export "wasi:sockets/udp@0.2.0" (instance $x)))"#;
        let component = Component::new(&engine, wat::parse_str(wat).unwrap()).unwrap();
        let wanted = ["wasi:sockets/tcp@0.2.12", "wasi:sockets/udp@0.2.12", "wnet:stack/reactor@0.1.0"];
        let problems = missing_exports(&component, &wanted);
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "it does not export wasi:sockets/tcp@0.2.12 but wasi:sockets/tcp@0.3.0",
                "it does not export wnet:stack/reactor@0.1.0",
            ]
        );
    }

    #[test]
    fn versions() {
        assert_eq!(split_version("a:b/c@1.2.3"), ("a:b/c", Some("1.2.3")));
        assert_eq!(split_version("run"), ("run", None));
        for (name, expected) in [
            ("wasi:cli/run@0.2.0", (true, false)),
            ("wasi:cli/run@0.2.12", (true, false)),
            ("wasi:cli/run@0.3.0", (false, true)),
            ("wasi:cli/run@0.3.2", (false, true)),
            ("wasi:cli/run@0.20.0", (false, false)),
            ("wasi:cli/run", (false, false)),
            ("other:cli/run@0.2.0", (false, false)),
        ] {
            assert_eq!((is_wasi_0_2(name), is_wasi_0_3(name)), expected, "{name}");
        }
    }
}
