//! What the documents say of the code is true: every function that `docs/packet-walk.md` names stands in the
//! file it names.

use std::fs;
use std::path::Path;

/// Pairs of a function and the file it is said to stand in: two neighbouring cells of a table, or `NAME` in
/// `FILE` in a sentence.
fn claims(text: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = text.split('`').collect();
    // Every second part stood between backticks.
    let quoted = |i: usize| parts.get(i).copied().unwrap_or_default();
    let mut claims = Vec::new();
    for i in (1..parts.len()).step_by(2) {
        let between = quoted(i + 1).trim();
        let file = quoted(i + 2);
        if (between == "|" || between == "in") && file.ends_with(".rs") {
            claims.push((quoted(i).to_owned(), file.to_owned()));
        }
    }
    claims
}

fn defines(source: &str, function: &str) -> bool {
    ["(", "<"].iter().any(|after| source.contains(&format!("fn {function}{after}")))
}

#[test]
fn the_packet_walk_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let walk = fs::read_to_string(root.join("docs/packet-walk.md")).expect("the document");
    let claims = claims(&walk);
    assert!(claims.len() > 60, "only {} claims were found: has the document's form changed?", claims.len());
    for (function, file) in claims {
        let source = fs::read_to_string(root.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(defines(&source, &function), "docs/packet-walk.md: no function {function} in {file}");
    }
}

#[test]
fn the_table_of_parity_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let table = fs::read_to_string(root.join("docs/linux-parity.md")).expect("the document");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
    let mut checked = 0;
    for row in rows.iter().filter(|row| row.len() > 1 && row[1].starts_with('`')) {
        assert_eq!(row.len(), 8, "docs/linux-parity.md: {row:?}");
        let name = |column: usize| row[column].trim_matches('`');
        let source = |file: &str| {
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
        };
        let (ours, file) = (name(3), name(4));
        assert!(defines(&source(file), ours), "docs/linux-parity.md: no function {ours} in {file}");
        let (test, file) = (name(5), name(6));
        let text = source(file);
        let stands = ["", "    "].iter().any(|indent| text.contains(&format!("#[test]\n{indent}fn {test}(")));
        assert!(stands, "docs/linux-parity.md: no test {test} in {file}");
        checked += 1;
    }
    assert!(checked >= 236, "only {checked} rows were found: has the table's form changed?");
}

#[test]
fn a_wrong_claim_would_be_found() {
    assert_eq!(claims("| a | `run` | `x/y.rs` | `z` |"), [("run".to_owned(), "x/y.rs".to_owned())]);
    assert!(defines("    pub fn run<R>(", "run") && !defines("fn runs(", "run"));
}

/// All files below `folder` whose names end in `.pkt` or `.pkt.fail`.
fn scripts(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of scripts") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy();
        if path.is_dir() {
            found.extend(scripts(&path));
        } else if name.ends_with(".pkt") || name.ends_with(".pkt.fail") {
            found.push(path);
        }
    }
    found
}

/// An RFC, Linux's code, a manual page such as tcp(7), or the script that it is the twin of.
fn names_a_source(script: &str) -> bool {
    let manual = |word: &str| {
        let (name, section) = word.split_once('(').unwrap_or_default();
        !name.is_empty() && section.starts_with(|c: char| c.is_ascii_digit()) && section.contains(')')
    };
    let mut comments = script.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    comments.any(|line| {
        let known = ["RFC ", "Linux", "CVE-", "twin", "Twin"].iter().any(|source| line.contains(source));
        known || line.split_whitespace().any(manual)
    })
}

#[test]
fn every_packet_script_names_what_it_holds_the_stack_to() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let scripts = scripts(&root.join("tests/packetdrill/scripts"));
    assert!(scripts.len() > 500, "only {} scripts were found", scripts.len());
    for script in scripts {
        let text = fs::read_to_string(&script).expect("a script");
        assert!(names_a_source(&text), "{}: no RFC, manual page or code is named", script.display());
    }
    assert!(
        names_a_source("// tcp(7) TCP_SYNCNT: so many") && !names_a_source("// listen (again)\n RFC 9293")
    );
}

/// What stands between backticks in `text`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_table_of_tcp_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let tcp = root.join("stack-component/core/src/tcp");
    let scripts = root.join("tests/packetdrill/scripts");
    let table = fs::read_to_string(root.join("docs/tcp.md")).expect("the document");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('|').collect()).collect();
    let mut checked = 0;
    for row in rows.iter().filter(|row| row.len() == 5 && row[2].contains('`')) {
        for place in quoted(row[2]) {
            let there = [tcp.join(place), tcp.join(format!("{place}.rs")), root.join(place)];
            assert!(there.iter().any(|path| path.exists()), "docs/tcp.md: there is no {place}");
        }
        let of_scripts = row[3].split(';').filter(|part| part.contains("scripts "));
        for folder in of_scripts.flat_map(quoted) {
            assert!(scripts.join(folder).is_dir(), "docs/tcp.md: there are no scripts {folder}");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} folders of scripts were found: has the table's form changed?");
    for folder in fs::read_dir(&scripts).expect("the scripts") {
        let name = folder.expect("an entry").file_name().into_string().expect("a name");
        assert!(table.contains(&format!("`{name}`")), "docs/tcp.md does not name the scripts {name}");
    }
}

#[test]
fn the_tables_of_ip_and_names_name_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let core = root.join("stack-component/core/src");
    let mut checked = 0;
    for page in ["docs/ip.md", "docs/names.md"] {
        let text = fs::read_to_string(root.join(page)).expect("the document");
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
        // What, where and by what it is held; in one table how much there is at most stands before these.
        for row in rows.iter().filter(|row| matches!(row.len(), 5 | 6) && row[0].is_empty()) {
            let places = row[row.len() - 3..].iter().flat_map(|cell| quoted(cell));
            for place in places.filter(|place| place.contains('/') || place.ends_with(".rs")) {
                let there = [core.join(place), core.join(format!("{place}.rs")), root.join(place)];
                assert!(there.iter().any(|path| path.exists()), "{page}: there is no {place}");
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "only {checked} places were found: has the tables' form changed?");
}

/// The file of the conformance case, group or theme `name`, and whether that has it.
fn is_a_case(root: &Path, name: &str) -> bool {
    let folder = root.join("tests/conformance");
    let parts: Vec<&str> = name.split("::").collect();
    let file = |parts: &[&str]| fs::read_to_string(folder.join(parts.join("/")).with_extension("rs"));
    let Some((case, theme)) = parts.split_last() else { return false };
    file(&parts).is_ok() || file(theme).is_ok_and(|text| text.contains(&format!("\n    {case},\n")))
}

#[test]
fn every_theme_has_its_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let page = fs::read_to_string(root.join("docs/testing.md")).expect("the document");
    let cells = page.lines().filter_map(|line| line.split('|').nth(1));
    let themes: Vec<&str> = cells.flat_map(quoted).collect();
    for entry in fs::read_dir(root.join("tests/conformance")).expect("the cases") {
        let path = entry.expect("an entry").path();
        let theme = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let named = themes.iter().any(|known| known.split("::").next() == Some(&theme));
        assert!(named || theme == "main", "docs/testing.md has no row for {theme}");
    }
}

#[test]
fn the_table_of_attacks_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("a file");
    let (page, groups) = (read("docs/testing.md"), read("tests/conformance/attacks/by_scapy.py"));
    let chapter = page.split("## What attackers try").nth(1).and_then(|rest| rest.split("## ").next());
    let rows: Vec<Vec<&str>> =
        chapter.expect("the chapter").lines().map(|line| line.split('|').collect()).collect();
    let mut checked = 0;
    for row in rows.iter().filter(|row| row.len() == 5) {
        for name in quoted(row[3]) {
            let core = root.join("stack-component/core/src").join(name);
            let scripts = root.join("tests/packetdrill/scripts").join(name);
            let there = core.is_file() || scripts.is_dir() || is_a_case(root, name);
            let group = groups.contains(&format!("\ndef {name}("));
            assert!(there || group, "docs/testing.md: there is no {name}");
            checked += 1;
        }
    }
    assert!(checked > 70, "only {checked} names were found: has the table's form changed?");
}
