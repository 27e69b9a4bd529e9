//! Way 3: the compiler that the distribution keeps current for its browsers, with the sources that match it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::apt::{Archive, Package, Suites};
use super::sysroot::{Compiler, install_target};
use super::{Toolchain, say, standard_library};

/// Unpacks compiler and sources under `private` and builds its standard library for the Wasm target.
///
/// The linkers come from `in_use`: the distribution's compiler brings none for this target.
///
/// # Errors
/// If the machine's release has no such pair new enough for our crates, or the build fails.
pub(crate) fn unpack(in_use: &Compiler, private: &Path) -> Result<Toolchain> {
    let own = Archive::open(private.join("apt-own"), Suites::Own)?;
    let compiler = own
        .versions("rustc-web")?
        .into_iter()
        .find(|package| is_new_enough(package.upstream()))
        .with_context(|| format!("this release has no rustc-web {OLDEST} or newer"))?;
    let programs: Vec<Package> = own.closure(&compiler)?.into_iter().filter(is_ours_to_unpack).collect();
    say(&format!("unpacking the compiler rustc-web {} privately", compiler.version));
    let root = private.join("root");
    own.unpack(&programs, &root)?;

    let toolchain = Toolchain {
        rustc: Some(root.join("usr/bin/rustc")),
        sysroot: Some(root.join("usr")),
        libraries: Some(find_shared_libraries(&root)?),
        tools: Some(in_use.tools()),
    };
    let command = root.join("usr/bin/rustc").into();
    let rustc = Compiler::ask(command, private, |command| toolchain.apply(command))?;
    let all = Archive::open(private.join("apt-all"), Suites::All)?;
    let sources = matching_sources(&all, &compiler)?;
    let wasi_libc = standard_library::choose_wasi_libc(&all, &sources.suite)?;
    let built = standard_library::build(&all, &[sources, wasi_libc], &rustc, &toolchain, private)?;
    install_target(&root.join("usr"), &built.rlibs, &built.wasi_libc)?;
    Ok(toolchain)
}

/// The oldest compiler that our crates build with.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

fn is_new_enough(version: &str) -> bool {
    numbers(version) >= numbers(OLDEST)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// The compiler and its libraries; not the C compiler and C library that it may want installed: the machine's
/// own must do.
fn is_ours_to_unpack(package: &Package) -> bool {
    let name = package.name.as_str();
    name == "rustc-web" || name.starts_with("lib") && !name.starts_with("libc6") && !name.starts_with("libc-")
}

/// The sources that `compiler` was built from; a rebuild for one architecture counts as the same.
fn matching_sources(archive: &Archive, compiler: &Package) -> Result<Package> {
    let wanted = compiler.version.rsplit_once("+b").map_or(compiler.version.as_str(), |(source, _)| source);
    archive
        .versions("rust-web-src")?
        .into_iter()
        .find(|package| package.version == wanted)
        .with_context(|| format!("the archive has no rust-web-src {wanted}"))
}

/// The folder of shared libraries, `usr/lib/ARCHITECTURE-linux-gnu`, in the unpacked packages.
fn find_shared_libraries(root: &Path) -> Result<std::path::PathBuf> {
    let folder = root.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
    ensure!(folder.is_dir(), "the unpacked compiler has no libraries in {}", folder.display());
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(is_new_enough("1.96.0") && is_new_enough("1.100.0") && is_new_enough("2.0"));
        assert!(!is_new_enough("1.85.0") && !is_new_enough("1.9.0") && !is_new_enough(""));
    }

    #[test]
    fn the_c_library_stays_the_machines_own() {
        let package = |name: &str| Package { name: name.into(), version: "1".into(), suite: String::new() };
        for (name, ours) in [
            ("rustc-web", true),
            ("libstd-rust-web-1.96", true),
            ("libllvm22", true),
            ("libc6", false),
            ("libc6-dev", false),
            ("libc-dev-bin", false),
            ("gcc", false),
        ] {
            assert_eq!(is_ours_to_unpack(&package(name)), ours, "{name}");
        }
    }
}
